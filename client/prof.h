// pall prof: what profiles of files and of cogs have in common.
#pragma once
#include "client/stacks.h"

// Names of what is no function: outside of all, or too short to be seen; the outer part of a deep stack; a
// function without a name.
#define STACKS_ROOT "(no function)"
#define STACKS_CUT "(outer calls)"
#define STACKS_NAMELESS "(no name)"

// As the options ask: the table, or folded stacks, or JSON; and the flame graph into its file.
bool prof_show(Cli *cli, const Args *args, const Stacks *s, Err *err);
