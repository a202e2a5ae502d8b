#include "tests/durability/rig.h"
#include "client/library.h"
#include "common/base/mem.h"
#include "common/codec/bundle.h"
#include "tests/util.h"
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define END_SECONDS 30
#define MEMORY ((size_t)256 << 20)

static const char *needed(const char *name) {
  const char *value = getenv(name);
  ck_assert_msg(value != NULL, "%s is not set; run this through meson test", name);
  return value;
}

static uint64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void nap(void) { nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL); }

void rig_open(Rig *r, uint64_t seed) {
  Err err = ERR_INIT;
  ValueScope scope = {0};
  *r = (Rig){.top = scratch_dir(), .seed = seed};
  r->home = mem_printf("%s/home", r->top);
  r->store = mem_printf("%s/store", r->home);
  ck_assert(mkdir(r->home, 0700) == 0);
  r->socket = mem_printf("%s/socket", r->top);
  ck_assert_msg(LIBRARY_VALUES.from_file(NULL, needed("PALL_JOURNAL"), &scope, &r->journal, &err), "%s",
                err.msg);
}

void rig_close(Rig *r) {
  if (r->pid) rig_end(r, SIGKILL);
  scratch_free(r->top);
  mem_free(r->home);
  mem_free(r->store);
  mem_free(r->socket);
  buf_free(&r->journal);
}

// --- the process -----------------------------------------------------------------------------------
void rig_start(Rig *r, char *const env[]) {
  // A signal that comes before the new program runs must not meet the handlers of the test.
  sigset_t all, before;
  ck_assert_int_eq(r->pid, 0);
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pid_t pid = fork();
  if (pid != 0) {
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    ck_assert_int_gt(pid, 0);
    r->pid = pid;
    return;
  }
  signal(SIGTERM, SIG_DFL);
  signal(SIGINT, SIG_DFL);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (!getenv("PALL_TEST_NOISE")) {
    int null = open("/dev/null", O_WRONLY);
    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
  }
  for (size_t i = 0; env && env[i]; i++) putenv(env[i]);
  const char *palld = needed("PALL_DAEMON");
  execl(palld, "palld", "--store", r->store, "--socket", r->socket, "--snapshot-mb", r->snaps ? "1" : "64",
        (char *)NULL);
  _exit(127);
}

static bool has_ended(Rig *r) {
  siginfo_t info = {0};
  return waitid(P_PID, (id_t)r->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0;
}

int rig_end(Rig *r, int signal) {
  int status;
  if (signal) kill(r->pid, signal);
  for (uint64_t end = now_ms() + END_SECONDS * 1000; !has_ended(r) && now_ms() < end;) nap();
  bool hangs = !has_ended(r);
  if (hangs) kill(r->pid, SIGKILL);
  ck_assert(waitpid(r->pid, &status, 0) == r->pid);
  r->pid = 0;
  ck_assert_msg(!hangs, "palld did not end within %d seconds", END_SECONDS);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Pall *rig_connect(Rig *r, int ms) {
  for (uint64_t end = now_ms() + (uint64_t)ms; now_ms() < end; nap()) {
    Err err = ERR_INIT;
    Pall *p = pall_connect(r->socket, "durability test", PALL_TIMEOUT_CONNECT, &err);
    if (p) return p;
    if (has_ended(r)) return NULL;
  }
  return NULL;
}

void rig_shell(const char *fmt, ...) {
  char command[4096];
  va_list args;
  va_start(args, fmt);
  int n = vsnprintf(command, sizeof command, fmt, args);
  va_end(args);
  ck_assert(n > 0 && (size_t)n < sizeof command);
  ck_assert_msg(system(command) == 0, "%s", command);
}

// --- messages --------------------------------------------------------------------------------------
bool rig_spawn(Rig *r, Pall *p, const char *name, Err *err) {
  RpcSpawnArgs args = {.name = rpc_text(name), .value = {r->journal.data, r->journal.len}};
  RpcSpawn spawned;
  return pall_call(p, METHOD_SPAWN, &args, &spawned, PALL_TIMEOUT_DEFAULT, err);
}

void rig_message_id(const Rig *r, uint64_t k, RpcId *id) {
  uint64_t rng = r->seed ^ (k * 0x9e3779b97f4a7c15u);
  test_fill(&rng, id->bytes, RPC_ID_LEN);
}

bool rig_send(const Rig *r, Pall *p, uint64_t k, RpcSend *answer, Err *err) {
  Machine *m = machine_new(&(MachineConfig){.memory = MEMORY});
  Buf value = {0};
  RpcStep step = {.text = rpc_text("in")};
  Ref message = plan_nat(m, k);
  if (r->weight) {
    uint8_t *bytes = mem_alloc(r->weight);
    uint64_t rng = r->seed + k;
    test_fill(&rng, bytes, r->weight);
    message = plan_row(m, (Ref[]){message, plan_bar(m, bytes, r->weight)}, 2);
    mem_free(bytes);
  }
  ck_assert_int_eq(plan_force(m, message), RUN_DONE);
  bool ok = bundle_encode(m, message, 4 << 20, &value, err);
  machine_free(m);
  RpcSendArgs args = {.cog = {.name = rpc_text("journal")},
                      .path = {&step, 1},
                      .value = {value.data, value.len},
                      .wait_ms = RPC_SEND_WAIT_MS};
  rig_message_id(r, k, &args.id);
  ok = ok && pall_call(p, METHOD_SEND, &args, answer, PALL_TIMEOUT_DEFAULT, err);
  buf_free(&value);
  return ok;
}

uint64_t *rig_row(Machine *m, Ref row, size_t *count) {
  size_t n = plan_kind(m, row) == KIND_ROW ? plan_len(m, row) : 0;
  uint64_t *kept = mem_alloc(mem_mul(n + 1, sizeof *kept));
  for (size_t i = 0; i < n; i++) {
    RefMark mark = refs_mark(m);
    Ref one = plan_row_get(m, row, i);
    if (plan_kind(m, one) == KIND_ROW && plan_len(m, one) == 2) one = plan_row_get(m, one, 0);
    if (!plan_nat_u64(m, one, &kept[i])) kept[i] = UINT64_MAX;
    refs_release(m, mark);
  }
  *count = n;
  return kept;
}

bool rig_kept(Rig *r, Pall *p, uint64_t **kept, size_t *count, Err *err) {
  RpcStep step = {.nat = 0};
  RpcInspectArgs args = {.cog = {.name = rpc_text("journal")}, .path = {&step, 1}};
  RpcInspect result;
  (void)r;
  if (!pall_call(p, METHOD_INSPECT, &args, &result, PALL_TIMEOUT_DEFAULT, err)) return false;
  Machine *m = machine_new(&(MachineConfig){.memory = MEMORY});
  Ref row;
  bool ok = bundle_decode(m, NULL, result.value.p, result.value.n, NULL, &row, err);
  if (ok) *kept = rig_row(m, row, count);
  machine_free(m);
  return ok;
}
