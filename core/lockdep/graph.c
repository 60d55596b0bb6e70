// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Models: kernel/locking/lockdep.c (__bfs, calc_dep, add_lock_to_list). The
 * dependency graph: an edge a -> b says that b was waited for while a was held.
 * A path is strong, that is, its locks can really wait for each other, unless
 * a lock in it is taken as a recursive reader (R) by one edge and held as a
 * reader (S) by the next: those two do not exclude each other. A walk
 * remembers in only_xr that it came to a lock by R edges alone. Beside the
 * edges stand sets of all that a class reaches over edges of any kind, so
 * that a search begins only where it may find something.
 */
#include "core/lockdep/state.h"

#include <string.h>

u8 ld_dep_types(unsigned prev_read, unsigned next_read)
{
	unsigned forth = (prev_read == 0) + ((next_read != 2) << 1);
	unsigned back = (next_read == 0) + ((prev_read != 2) << 1);

	return (u8)((1u << forth) | (1u << (back + 4)));
}

/* Puts a state into the queue unless an equal or stronger one was there. */
static void visit(struct ld_search *s, unsigned *tail, unsigned class_, bool only_xr,
		  unsigned via, unsigned from)
{
	unsigned state = class_ * 2 + only_xr;

	if (s->seen[state] || s->seen[class_ * 2])
		return;
	s->seen[state] = 1;
	s->via[state] = (u16)via;
	s->from[state] = (u16)from;
	s->queue[(*tail)++] = (u16)state;
}

int ld_search(struct ld_search *s, unsigned root, bool only_xr, bool backward,
	      ld_match_fn match, void *arg)
{
	unsigned head = 0, tail = 0;

	BUG_ON_CMP(root, >=, ld.nclasses);
	memset(s->seen, 0, ld.nclasses * 2u);
	s->backward = backward;
	visit(s, &tail, root, only_xr, LD_NONE, LD_NONE);
	while (head < tail) {
		unsigned state = s->queue[head++], class_ = state / 2;
		bool xr = state & 1;
		u16 e = backward ? ld.classes[class_].first_in : ld.classes[class_].first_out;

		if (match(class_, xr, arg))
			return (int)state;
		while (e != LD_NONE) {
			const struct ld_edge *edge = &ld.edges[e];
			unsigned types = backward ? edge->types >> 4 : edge->types & 15u;

			if (xr)
				types &= ~LD_DEP_SHARED;
			if (types)
				visit(s, &tail, backward ? edge->from : edge->to,
				      !(types & LD_DEP_NONREC), e, state);
			e = backward ? edge->next_in : edge->next_out;
		}
	}
	return -1;
}

unsigned ld_search_path(const struct ld_search *s, int state, u16 *edges, unsigned max)
{
	unsigned n = 0;

	BUG_ON_CMP(state, <, 0);
	while (s->via[state] != LD_NONE && n < max) {
		edges[n++] = s->via[state];
		state = s->from[state];
	}
	return n;
}

/* Everything that leads to from now reaches everything that to reaches. */
static void close_over(unsigned from, unsigned to)
{
	struct ld_set sources = ld.classes[from].reached_by;
	struct ld_set targets = ld.classes[to].reaches;

	if (ld_set_has(&ld.classes[from].reaches, to))
		return;
	ld_set_add(&sources, from);
	ld_set_add(&targets, to);
	for (unsigned word = 0; word < LD_SET_WORDS; word++) {
		for (u64 bits = sources.w[word]; bits; bits &= bits - 1) {
			unsigned i = word * 64 + (unsigned)__builtin_ctzll(bits);

			ld_set_join(&ld.classes[i].reaches, &targets);
		}
		for (u64 bits = targets.w[word]; bits; bits &= bits - 1) {
			unsigned i = word * 64 + (unsigned)__builtin_ctzll(bits);

			ld_set_join(&ld.classes[i].reached_by, &sources);
		}
	}
}

static struct ld_edge *find_edge(unsigned from, unsigned to)
{
	for (u16 e = ld.classes[from].first_out; e != LD_NONE; e = ld.edges[e].next_out) {
		if (ld.edges[e].to == to)
			return &ld.edges[e];
	}
	return NULL;
}

void ld_edge_add(struct lockdep_ctx *ctx, const struct held_lock *prev,
		 const struct held_lock *next, u8 types)
{
	unsigned from = prev->class_, to = next->class_;
	struct ld_edge *edge;
	u16 index;

	BUG_ON_CMP(from, ==, to);
	if (ld.types[from][to]) {
		edge = find_edge(from, to);
		BUG_ON(!edge);
		ld.types[from][to] |= types;
		edge->types |= types;
		return;
	}
	if (unlikely(ld.nedges >= LD_EDGES_MAX)) {
		report("BUG: LD_EDGES_MAX too low", "no room for another lock dependency\n");
		return;
	}
	index = ld.nedges++;
	edge = &ld.edges[index];
	edge->from = (u16)from;
	edge->to = (u16)to;
	edge->types = types;
	edge->held_site = prev->site;
	ld_trace_take(&edge->taken, ctx, next->site);
	edge->next_out = ld.classes[from].first_out;
	edge->next_in = ld.classes[to].first_in;
	ld.classes[from].first_out = index;
	ld.classes[to].first_in = index;
	ld.types[from][to] = types;
	close_over(from, to);
	if (lockdep_new_dependency)
		lockdep_new_dependency(ld_class_hash(from), ld_class_hash(to));
}
