// A palld of our own on a directory of our own, with the journal of sire/examples in it: a cog that keeps
// what it is sent. Message k of a rig is the number k, or a row of k and a bar of `weight` bytes, under an id
// that follows from the rig's seed and k.
#pragma once
#include "common/base/buf.h"
#include "common/plan/plan.h"
#include "proto/pall.h"
#include <sys/types.h>

typedef struct Rig {
  char *top, *home, *store, *socket; // `home` holds the store only
  Buf journal;                       // the cog as a bundle
  uint64_t seed;
  size_t weight; // of later messages
  bool snaps;    // palld takes a snapshot after each megabyte of log
  pid_t pid;     // 0: none runs
} Rig;

void rig_open(Rig *r, uint64_t seed);
void rig_close(Rig *r); // kills, removes the directory

// Starts palld, with `env` (NULL at its end; may be NULL) added to its environment.
void rig_start(Rig *r, char *const env[]);

// Sends the signal (0: none) and waits for the end. The exit status, or 128 and the signal it died of. A
// process that is still there after half a minute is killed and fails the test.
int rig_end(Rig *r, int signal);

// Runs a shell command, which must succeed.
void rig_shell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

// Tries until palld answers, for at most `ms`, and not on when the process has ended. NULL: no.
Pall *rig_connect(Rig *r, int ms);

bool rig_spawn(Rig *r, Pall *p, const char *name, Err *err); // a journal; messages go to that named "journal"
// ERR_NOT_FOUND and so on as libpall has them.
bool rig_send(const Rig *r, Pall *p, uint64_t k, RpcSend *answer, Err *err);

// The numbers of the messages in a journal's row, UINT64_MAX for what is none; mem_free.
uint64_t *rig_row(Machine *m, Ref row, size_t *count);
void rig_message_id(const Rig *r, uint64_t k, RpcId *id);

// What the journal kept, in order; the caller frees *kept (mem_free).
bool rig_kept(Rig *r, Pall *p, uint64_t **kept, size_t *count, Err *err);
