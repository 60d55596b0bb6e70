// SPDX-License-Identifier: GPL-2.0-or-later
/* The parent's side of a world in a process of its own. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "fuzz/tools/remote.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER_MS (120 * 1000)

static int failed(const struct remote *r, const char *what)
{
	fprintf(stderr, "swaprace: the process of world %s %s\n", r->world, what);
	return EXIT_ENVIRONMENT;
}

/* The child is gone. One that could not begin has said why, and its status says whose fault it is. */
static int ended(struct remote *r)
{
	int status = 0;
	bool known = r->pid > 0 && waitpid(r->pid, &status, 0) == r->pid;

	r->pid = 0;
	if (known && WIFEXITED(status) &&
	    (WEXITSTATUS(status) == EXIT_USAGE || WEXITSTATUS(status) == EXIT_ENVIRONMENT))
		return WEXITSTATUS(status);
	return failed(r, "has ended");
}

/* In the child: this executable again, which hands over to the world's own. */
static void start(const char *world, int socket, int memory)
{
	char option[80], fd[16], mem[16];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(option, sizeof(option), "--world=%s", world);
	snprintf(fd, sizeof(fd), "%d", socket);
	snprintf(mem, sizeof(mem), "%d", memory);
	execl("/proc/self/exe", "swaprace", "serve", fd, mem, option, (char *)NULL);
	fprintf(stderr, "swaprace: cannot start itself again: %s\n", strerror(errno));
	_exit(EXIT_ENVIRONMENT);
}

/* One byte from the child. */
static int await(struct remote *r)
{
	struct pollfd p = { .fd = r->fd, .events = POLLIN };
	char byte;
	int n;

	do
		n = poll(&p, 1, ANSWER_MS);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return failed(r, "does not answer");
	if (read(r->fd, &byte, 1) != 1)
		return ended(r);
	return 0;
}

int remote_open(struct remote *r, const char *world)
{
	int sockets[2], status, memory = memfd_create("swaprace", 0);

	memset(r, 0, sizeof(*r));
	r->fd = -1;
	snprintf(r->world, sizeof(r->world), "%s", world);
	if (memory < 0 || ftruncate(memory, sizeof(*r->shared)) != 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0)
		return failed(r, "cannot be set up");
	r->shared = mmap(NULL, sizeof(*r->shared), PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	if (r->shared == MAP_FAILED)
		return failed(r, "cannot be given memory");
	fcntl(sockets[0], F_SETFD, FD_CLOEXEC);
	fflush(NULL);
	r->pid = fork();
	if (r->pid == 0)
		start(world, sockets[1], memory);
	close(sockets[1]);
	close(memory);
	r->fd = sockets[0];
	if (r->pid < 0)
		return failed(r, "cannot be started");
	status = await(r);
	if (status)
		return status;
	if (r->shared->layout != sizeof(*r->shared))
		return failed(r, "is of another build of swaprace");
	return 0;
}

int remote_call(struct remote *r)
{
	if (send(r->fd, "?", 1, MSG_NOSIGNAL) != 1)
		return ended(r);
	return await(r);
}

void remote_close(struct remote *r)
{
	if (r->fd >= 0)
		close(r->fd);
	if (r->pid > 0) {
		kill(r->pid, SIGKILL);
		waitpid(r->pid, NULL, 0);
	}
	if (r->shared && r->shared != MAP_FAILED)
		munmap(r->shared, sizeof(*r->shared));
	memset(r, 0, sizeof(*r));
	r->fd = -1;
}
