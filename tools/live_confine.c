/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Few system calls: the seccomp filter of live_privilege.h. */
#include "tools/live_privilege.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

enum { NAME_ROOM = 64 };

/* By name, because not every machine has all of them. */
static const char usual[] =
	/* memory */
	"brk madvise mremap munmap membarrier "
	/* threads and their signals */
	"arch_prctl exit exit_group futex futex_time64 futex_waitv get_robust_list gettid "
	"restart_syscall rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigreturn "
	"rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 sched_getaffinity sched_yield "
	"set_robust_list set_tid_address sigaltstack sigreturn tgkill "
	/* time */
	"alarm clock_getres clock_gettime clock_gettime64 clock_nanosleep clock_nanosleep_time64 "
	"gettimeofday nanosleep setitimer time timerfd_create timerfd_settime timerfd_gettime "
	"times "
	/* who am I */
	"getegid getegid32 geteuid geteuid32 getgid getgid32 getpgrp getpid getppid getrandom "
	"getrusage getuid getuid32 prlimit64 sysinfo uname "
	/* files by name */
	"access faccessat faccessat2 fstatat64 getcwd getdents getdents64 lstat lstat64 mkdir "
	"mkdirat newfstatat open openat readlink readlinkat rename renameat renameat2 stat stat64 "
	"statfs statfs64 statx umask unlink unlinkat utimensat "
	/* what is open */
	"_llseek _newselect close close_range dup dup2 dup3 epoll_create1 epoll_ctl "
	"epoll_pwait epoll_pwait2 epoll_wait eventfd2 fadvise64 fallocate fchmod fcntl fcntl64 "
	"fdatasync fstat fstat64 fstatfs fsync ftruncate ftruncate64 lseek pipe2 poll ppoll "
	"ppoll_time64 pread64 preadv pselect6 pselect6_time64 pwrite64 pwritev read readv select "
	"sendfile sendfile64 signalfd4 write writev "
	/* sockets that are open already */
	"getpeername getsockname getsockopt recv recvfrom recvmsg send sendmsg setsockopt "
	"shutdown";

static const char fork_calls[] =
	"fork vfork wait4 waitid waitpid kill socketpair pidfd_open pidfd_send_signal prctl "
	"seccomp setpriority";

static const char serve_calls[] = "accept accept4";

/* No honest path leads here. */
static const char hostile[] =
	"acct add_key bpf chroot create_module delete_module execve execveat finit_module "
	"fsconfig fsmount fsopen init_module io_uring_setup ioperm iopl kexec_file_load "
	"kexec_load keyctl mount move_mount open_by_handle_at open_tree perf_event_open "
	"personality pivot_root process_vm_readv process_vm_writev ptrace quotactl reboot "
	"request_key setdomainname setgid setgroups sethostname setns setregid setresgid "
	"setresuid setreuid setuid swapoff swapon syslog umount2 unshare userfaultfd";

/* 0, or a negative error number; a name that is unknown or not of this machine is no error. */
static int add_all(scmp_filter_ctx f, uint32_t action, const char *names)
{
	int result = 0;

	while (*names && result == 0) {
		char name[NAME_ROOM];
		size_t len = strcspn(names, " ");
		int call;

		snprintf(name, sizeof(name), "%.*s", (int)len, names);
		names += len + strspn(names + len, " ");
		call = seccomp_syscall_resolve_name(name);
		if (call != __NR_SCMP_ERROR)
			result = seccomp_rule_add(f, action, call, 0);
	}
	return result;
}

/* The first argument decides; nothing that listens to or talks with other machines. */
static int add_socket(scmp_filter_ctx f, unsigned family)
{
	return seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, family, 0));
}

/* Threads always, processes only for who forks; clone3 hides its flags, and glibc can do without. */
static int add_clone(scmp_filter_ctx f, bool processes)
{
	if (processes)
		return seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
					SCMP_A0(SCMP_CMP_MASKED_EQ,
						CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET |
							CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP,
						0));
	return seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
				SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
}

/* No memory that becomes code. */
static int add_memory(scmp_filter_ctx f)
{
	static const int calls[] = { SCMP_SYS(mmap), SCMP_SYS(mmap2), SCMP_SYS(mprotect) };
	int result = 0;

	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls) && result == 0; i++)
		result = seccomp_rule_add(f, SCMP_ACT_ALLOW, calls[i], 1,
					  SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	return result;
}

/* sendto() only over what was connected before; of ioctl() only what a terminal is asked. */
static int add_talk(scmp_filter_ctx f)
{
	int result = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(sendto), 1, SCMP_A4(SCMP_CMP_EQ, 0, 0));

	if (result == 0)
		result = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
					  SCMP_A1(SCMP_CMP_EQ, TIOCGWINSZ, 0));
	if (result == 0)
		result = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
					  SCMP_A1(SCMP_CMP_EQ, TCGETS, 0));
	return result;
}

/* libpcap asks an interface by ioctl(), and about it by netlink and by a local socket. */
static int add_packet(scmp_filter_ctx f)
{
	int result = add_all(f, SCMP_ACT_ALLOW, "bind ioctl");

	if (result == 0)
		result = add_socket(f, AF_PACKET);
	if (result == 0)
		result = add_socket(f, AF_NETLINK);
	return result == 0 ? add_socket(f, AF_UNIX) : result;
}

static int add_rules(scmp_filter_ctx f, unsigned needs)
{
	int result = seccomp_attr_set(f, SCMP_FLTATR_CTL_TSYNC, 1);

	if (result == 0)
		result = add_all(f, SCMP_ACT_ALLOW, usual);
	if (result == 0)
		result = add_all(f, SCMP_ACT_KILL_PROCESS, hostile);
	if (result == 0)
		result = add_clone(f, needs & LIVE_CONFINE_FORK);
	if (result == 0)
		result = add_memory(f);
	if (result == 0)
		result = add_talk(f);
	if (result == 0 && needs & LIVE_CONFINE_PACKET)
		result = add_packet(f);
	if (result == 0 && needs & LIVE_CONFINE_FORK)
		result = add_all(f, SCMP_ACT_ALLOW, fork_calls);
	if (result == 0 && needs & LIVE_CONFINE_SERVE)
		result = add_all(f, SCMP_ACT_ALLOW, serve_calls);
	return result == 0 ? seccomp_load(f) : result;
}

/*
 * There in builds with LeakSanitizer only, which looks by ptrace() at the exit, and waits forever for
 * the answer of one who was ended for that.  It looks only once, so let it do so while it can.
 */
__attribute__((weak)) void __lsan_do_leak_check(void);

bool live_privilege_confine(unsigned needs, char *err, size_t room)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int result;

	if (__lsan_do_leak_check)
		__lsan_do_leak_check();
	result = f ? add_rules(f, needs) : -ENOMEM;
	seccomp_release(f);
	if (result != 0)
		snprintf(err, room, "cannot confine system calls: %s", strerror(-result));
	return result == 0;
}
