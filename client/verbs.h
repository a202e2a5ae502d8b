// The functions behind the verbs, one file a group. Each prints its result into cli->out.
#pragma once
#include "client/verb.h"

typedef bool VerbFn(Cli *cli, const Args *args, Err *err);
VerbFn verb_ping, verb_info;                    // verb_daemon.c
VerbFn verb_ps, verb_stop, verb_start, verb_rm; // verb_cogs.c
VerbFn verb_spawn, verb_send, verb_inspect;     // verb_values.c
VerbFn verb_trace, verb_log;                    // verb_history.c
VerbFn verb_check, verb_eval, verb_sire;        // verb_sire.c
VerbFn verb_cache, verb_build, verb_show;
VerbFn verb_prof;                  // verb_prof.c
VerbFn verb_help, verb_completion; // completion.c
