/* SPDX-License-Identifier: BSD-2-Clause */
/* Follows all states at once: a node is visited at most once for each byte and each look at it. */
#include "console/regex.h"

#include "lib/string.h"

/* What lies around the place between two bytes. */
struct place {
	bool line_start, line_end;
};

/* A set of nodes, in the order in which they were reached. */
struct nodes {
	unsigned count;
	uint16_t node[REGEX_NODES];
	bool has[REGEX_NODES];
};

static void add(struct nodes *nodes, unsigned node)
{
	if (nodes->has[node])
		return;
	nodes->has[node] = true;
	nodes->node[nodes->count++] = (uint16_t)node;
}

/* Adds where a node leads to without a byte. True if that is the end of the expression. */
static bool follow(const struct regex *regex, struct nodes *nodes, unsigned at, struct place place)
{
	const struct regex_node *node = &regex->node[at];
	unsigned to = (unsigned)((int)at + node->to);

	switch (node->kind) {
	case REGEX_MATCH:
		return true;
	case REGEX_LINE_START:
		if (place.line_start)
			add(nodes, at + 1);
		break;
	case REGEX_LINE_END:
		if (place.line_end)
			add(nodes, at + 1);
		break;
	case REGEX_SPLIT:
		add(nodes, at + 1);
		add(nodes, to);
		break;
	case REGEX_JUMP:
		add(nodes, to);
		break;
	default: /* it waits for a byte */
		break;
	}
	return false;
}

/* All that can be reached from the search's nodes, and from the first, as it may begin at any byte. */
static bool reach(const struct regex *regex, const struct regex_search *search, struct nodes *nodes,
		  struct place place)
{
	nodes->count = 0;
	memset(nodes->has, 0, sizeof(nodes->has));
	for (unsigned i = 0; i < search->count; i++)
		add(nodes, search->waiting[i]);
	add(nodes, 0);
	for (unsigned i = 0; i < nodes->count; i++) {
		if (follow(regex, nodes, nodes->node[i], place))
			return true;
	}
	return false;
}

static bool is_line_end(uint8_t byte)
{
	return byte == '\n' || byte == '\r';
}

static bool takes(const struct regex *regex, const struct regex_node *node, uint8_t byte)
{
	switch (node->kind) {
	case REGEX_BYTE:
		return node->arg == byte;
	case REGEX_ANY:
		return !is_line_end(byte);
	case REGEX_SET:
		return (regex->set[node->arg][byte / 8] >> byte % 8 & 1) != 0;
	default:
		return false;
	}
}

static struct nodes reached;

bool regex_begin(const struct regex *regex, struct regex_search *search)
{
	search->count = 0;
	search->line_start = true;
	return reach(regex, search, &reached, (struct place){.line_start = true});
}

bool regex_feed(const struct regex *regex, struct regex_search *search, uint8_t byte, bool *used)
{
	struct place before = {search->line_start, is_line_end(byte)};

	*used = false;
	if (reach(regex, search, &reached, before))
		return true;
	*used = true;
	search->count = 0;
	for (unsigned i = 0; i < reached.count; i++) {
		unsigned at = reached.node[i];

		if (takes(regex, &regex->node[at], byte))
			search->waiting[search->count++] = (uint16_t)(at + 1);
	}
	search->line_start = byte == '\n';
	return reach(regex, search, &reached, (struct place){.line_start = search->line_start});
}
