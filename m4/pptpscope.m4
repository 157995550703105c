# SPDX-License-Identifier: GPL-2.0-or-later

# PPTPSCOPE_TRY_FLAG(VARIABLE, FLAG)
# Appends FLAG to VARIABLE when the compiler takes it.
AC_DEFUN([PPTPSCOPE_TRY_FLAG], [
	AC_MSG_CHECKING([whether $CC accepts $2])
	saved_CFLAGS=$CFLAGS
	# clang only warns of a flag that it does not know
	CFLAGS="$CFLAGS -Werror $2"
	AC_COMPILE_IFELSE([AC_LANG_PROGRAM],
		[AC_MSG_RESULT([yes])
		 $1="$$1 $2"],
		[AC_MSG_RESULT([no])])
	CFLAGS=$saved_CFLAGS
])

# PPTPSCOPE_FLAGS
# The warnings that we build with, and what makes a parser of hostile octets harder to exploit.
AC_DEFUN([PPTPSCOPE_FLAGS], [
	WARN_CFLAGS="-Wall -Wextra"
	m4_foreach_w([flag], [-Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith
			      -Wwrite-strings -Wvla -Wformat-security],
		[PPTPSCOPE_TRY_FLAG([WARN_CFLAGS], flag)])
	HARDEN_CFLAGS=
	PPTPSCOPE_TRY_FLAG([HARDEN_CFLAGS], [-fstack-protector-strong])
	AC_SUBST([WARN_CFLAGS])
	AC_SUBST([HARDEN_CFLAGS])
])

# PPTPSCOPE_CAN_LINK(FLAGS, MESSAGE)
# Stops with MESSAGE when a program does not link with FLAGS.
AC_DEFUN([PPTPSCOPE_CAN_LINK], [
	AC_MSG_CHECKING([whether $CC links with $1])
	saved_CFLAGS=$CFLAGS
	CFLAGS="$CFLAGS $1"
	AC_LINK_IFELSE([m4_default([$3], [AC_LANG_PROGRAM])],
		[AC_MSG_RESULT([yes])],
		[AC_MSG_RESULT([no])
		 AC_MSG_ERROR([$2])])
	CFLAGS=$saved_CFLAGS
])

AC_DEFUN([PPTPSCOPE_SANITIZERS], [
	AC_ARG_ENABLE([sanitizers],
		[AS_HELP_STRING([--enable-sanitizers@<:@=LIST@:>@],
			[build with sanitizers @<:@LIST: address,undefined@:>@])],
		[], [enable_sanitizers=no])
	sanitizers=$enable_sanitizers
	AS_IF([test "$sanitizers" = yes], [sanitizers=address,undefined])
	SANITIZER_FLAGS=
	AS_IF([test "$sanitizers" != no], [
		SANITIZER_FLAGS="-fsanitize=$sanitizers -fno-sanitize-recover=all -fno-omit-frame-pointer"
		PPTPSCOPE_CAN_LINK([$SANITIZER_FLAGS],
			[this compiler cannot build with -fsanitize=$sanitizers (Debian: for clang, libclang-rt-dev)])
	])
	AC_SUBST([SANITIZER_FLAGS])
])

# With --enable-fuzzer the fuzz targets become libFuzzer programs; without, they are linked to
# tests/fuzz/driver.c, which runs them over files, so that they never rot.
AC_DEFUN([PPTPSCOPE_FUZZER], [
	AC_ARG_ENABLE([fuzzer],
		[AS_HELP_STRING([--enable-fuzzer], [build the fuzz targets with libFuzzer (clang)])],
		[], [enable_fuzzer=no])
	FUZZER_CFLAGS=
	FUZZER_LDFLAGS=
	AS_IF([test "$enable_fuzzer" != no], [
		FUZZER_CFLAGS="-fsanitize=fuzzer-no-link"
		FUZZER_LDFLAGS="-fsanitize=fuzzer"
		PPTPSCOPE_CAN_LINK([$FUZZER_LDFLAGS],
			[--enable-fuzzer needs clang with libFuzzer: ./configure CC=clang],
			[AC_LANG_SOURCE([[int LLVMFuzzerTestOneInput(const unsigned char *d, unsigned long n);
				int LLVMFuzzerTestOneInput(const unsigned char *d, unsigned long n)
				{ return n > 2 && d[0] == 255 ? -1 : 0; }]])])
	])
	AC_SUBST([FUZZER_CFLAGS])
	AC_SUBST([FUZZER_LDFLAGS])
	AM_CONDITIONAL([FUZZER], [test "$enable_fuzzer" != no])
])

AC_DEFUN([PPTPSCOPE_COVERAGE], [
	AC_ARG_ENABLE([coverage],
		[AS_HELP_STRING([--enable-coverage], [count executed lines; 'make coverage' prints them])],
		[], [enable_coverage=no])
	COVERAGE_FLAGS=
	AS_IF([test "$enable_coverage" != no], [
		COVERAGE_FLAGS="--coverage -O0"
		PPTPSCOPE_CAN_LINK([$COVERAGE_FLAGS], [this compiler cannot measure coverage])
		AC_PATH_PROG([GCOV], [gcov], [gcov])
	])
	AC_SUBST([COVERAGE_FLAGS])
	AM_CONDITIONAL([COVERAGE], [test "$enable_coverage" != no])
])

# PPTPSCOPE_LTO
# The program is optimized as a whole, which saves a tenth of its time; the tests are linked
# without, since it takes longer than to compile.  Objects serve both.
AC_DEFUN([PPTPSCOPE_LTO], [
	AC_ARG_ENABLE([lto],
		[AS_HELP_STRING([--disable-lto],
			[do not optimize the program as a whole: links faster @<:@only without sanitizers, fuzzer, coverage@:>@])],
		[], [enable_lto=auto])
	AS_IF([test "$enable_lto$sanitizers$enable_fuzzer$enable_coverage" = autononono],
		[enable_lto=yes],
		[test "$enable_lto" = auto], [enable_lto=no])
	LTO_CFLAGS=
	LTO_TESTS_LDFLAGS=
	AS_IF([test "$enable_lto" != no], [
		PPTPSCOPE_TRY_FLAG([LTO_CFLAGS], [-flto=auto -ffat-lto-objects])
		AS_IF([test -n "$LTO_CFLAGS"], [LTO_TESTS_LDFLAGS=-fno-lto], [enable_lto=no])
	])
	AC_SUBST([LTO_CFLAGS])
	AC_SUBST([LTO_TESTS_LDFLAGS])
])

AC_DEFUN([PPTPSCOPE_WERROR], [
	AC_ARG_ENABLE([werror],
		[AS_HELP_STRING([--enable-werror], [treat warnings of the compiler as errors])],
		[], [enable_werror=no])
	WERROR_CFLAGS=
	AS_IF([test "$enable_werror" != no], [WERROR_CFLAGS=-Werror])
	AC_SUBST([WERROR_CFLAGS])
])

# PPTPSCOPE_NEED(NAME, MODULE, DEBIAN-PACKAGE)
# A library that pkg-config knows and without which there is no program.
AC_DEFUN([PPTPSCOPE_NEED], [
	PKG_CHECK_MODULES([$1], [$2], [],
		[AC_MSG_ERROR([$2 is missing (Debian: $3; ./setup installs all that is needed)])])
])

# PPTPSCOPE_SONAME(NAME, LIBRARY, FUNCTION)
# Of a library that is loaded only when it is needed: the name by which programs ask for it.
AC_DEFUN([PPTPSCOPE_SONAME], [
	AC_CHECK_TOOL([READELF], [readelf], [readelf])
	AC_MSG_CHECKING([for the file name of $2])
	saved_LIBS=$LIBS
	LIBS="$LIBS $$1_LIBS"
	AC_LINK_IFELSE([AC_LANG_CALL([], [$3])],
		[$1_SONAME=`$READELF -d conftest$ac_exeext 2>/dev/null | sed -n 's/.*NEEDED.*\@<:@\($2@<:@^@:>@@:>@*\)\@:>@.*/\1/p'`])
	LIBS=$saved_LIBS
	AS_IF([test -z "$$1_SONAME"],
		[AC_MSG_RESULT([no])
		 AC_MSG_ERROR([cannot tell the file name of $2 (Debian: binutils has readelf)])])
	AC_MSG_RESULT([$$1_SONAME])
	AC_SUBST([$1_SONAME])
])

# libnids brings no file for pkg-config.  Its header needs the types of BSD, hence _GNU_SOURCE.
AC_DEFUN([PPTPSCOPE_LIBNIDS], [
	saved_LIBS=$LIBS
	saved_CPPFLAGS=$CPPFLAGS
	CPPFLAGS="$CPPFLAGS $PCAP_CFLAGS -D_GNU_SOURCE"
	AC_CHECK_HEADER([nids.h], [],
		[AC_MSG_ERROR([libnids is missing (Debian: libnids-dev; ./setup installs all that is needed)])])
	AC_SEARCH_LIBS([nids_init], [nids], [],
		[AC_MSG_ERROR([libnids does not link (Debian: libnids-dev)])], [$PCAP_LIBS])
	AS_IF([test "$ac_cv_search_nids_init" = "none required"], [NIDS_LIBS=],
		[NIDS_LIBS=$ac_cv_search_nids_init])
	LIBS=$saved_LIBS
	CPPFLAGS=$saved_CPPFLAGS
	AC_SUBST([NIDS_LIBS])
])
