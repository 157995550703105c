/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conformance/fiber.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

/* AddressSanitizer has to be told of every change of stacks. */
#if defined(__SANITIZE_ADDRESS__)
#define WATCHED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WATCHED 1
#endif
#endif

#ifdef WATCHED
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

enum { STACK = 1024 * 1024 }; /* touched pages alone cost memory */

struct fiber {
	void (*fn)(void *arg);
	void *arg;
	ucontext_t inside, outside;
	uint8_t *stack; /* a guard page, then STACK octets */
	size_t guard;
	bool running, ended;
#ifdef WATCHED
	void *fake_inside, *fake_outside;
	const void *outside_bottom;
	size_t outside_size;
#endif
};

/* About to leave for a stack; keep: where to remember this one's, NULL: it is left for good. */
static void leave(struct fiber *f, void **keep, bool inwards)
{
#ifdef WATCHED
	if (inwards)
		__sanitizer_start_switch_fiber(keep, f->stack + f->guard, STACK);
	else
		__sanitizer_start_switch_fiber(keep, f->outside_bottom, f->outside_size);
#else
	(void)f;
	(void)keep;
	(void)inwards;
#endif
}

/* On the new stack. */
static void arrive(struct fiber *f, bool inside)
{
#ifdef WATCHED
	if (inside)
		__sanitizer_finish_switch_fiber(f->fake_inside, &f->outside_bottom, &f->outside_size);
	else
		__sanitizer_finish_switch_fiber(f->fake_outside, NULL, NULL);
#else
	(void)f;
	(void)inside;
#endif
}

static void **kept_inside(struct fiber *f)
{
#ifdef WATCHED
	return &f->fake_inside;
#else
	(void)f;
	return NULL;
#endif
}

static void **kept_outside(struct fiber *f)
{
#ifdef WATCHED
	return &f->fake_outside;
#else
	(void)f;
	return NULL;
#endif
}

/* makecontext() passes int: a pointer comes in two halves. */
static void begin(unsigned high, unsigned low)
{
	struct fiber *f = (struct fiber *)(uintptr_t)((uint64_t)high << 32 | low);

	arrive(f, true);
	f->fn(f->arg);
	fiber_exit(f);
}

static bool prepare(struct fiber *f)
{
	if (mprotect(f->stack, f->guard, PROT_NONE) != 0 || getcontext(&f->inside) != 0)
		return false;
	f->inside.uc_stack.ss_sp = f->stack + f->guard;
	f->inside.uc_stack.ss_size = STACK;
	f->inside.uc_link = NULL;
	makecontext(&f->inside, (void (*)(void))begin, 2, (unsigned)((uint64_t)(uintptr_t)f >> 32),
		    (unsigned)(uintptr_t)f);
	return true;
}

struct fiber *fiber_new(void (*fn)(void *arg), void *arg)
{
	struct fiber *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->fn = fn;
	f->arg = arg;
	f->guard = (size_t)sysconf(_SC_PAGESIZE);
	f->stack = mmap(NULL, f->guard + STACK, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (f->stack == MAP_FAILED) {
		free(f);
		return NULL;
	}
	if (prepare(f))
		return f;
	fiber_free(f);
	return NULL;
}

void fiber_free(struct fiber *f)
{
	if (!f)
		return;
#ifdef WATCHED
	/* Frames that never returned have left their marks; the next mapping here must not find them. */
	__asan_unpoison_memory_region(f->stack + f->guard, STACK);
#endif
	munmap(f->stack, f->guard + STACK);
	free(f);
}

void fiber_resume(struct fiber *f)
{
	if (f->ended || f->running)
		return;
	f->running = true;
	leave(f, kept_outside(f), true);
	swapcontext(&f->outside, &f->inside);
	arrive(f, false);
	f->running = false;
}

void fiber_yield(struct fiber *f)
{
	leave(f, kept_inside(f), false);
	swapcontext(&f->inside, &f->outside);
	arrive(f, true);
}

void fiber_exit(struct fiber *f)
{
	f->ended = true;
	leave(f, NULL, false);
	setcontext(&f->outside);
	abort(); /* setcontext() fails only when given nonsense */
}

bool fiber_running(const struct fiber *f)
{
	return f->running;
}

bool fiber_ended(const struct fiber *f)
{
	return f->ended;
}
