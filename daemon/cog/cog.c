#include "daemon/cog/cog.h"
#include "common/base/mem.h"
#include <string.h>

static void on_trace(void *ctx, Machine *m, Ref message, bool deep) {
  Cog *c = ctx;
  (void)deep;
  if (c->replaying) return;
  char *text = values_text(m, message);
  cog_trace(c, c->clock_ns, "trace", text);
  mem_free(text);
}

Cog *cog_new(uint64_t id, const char *name, size_t name_len, size_t memory, const JetTable *jets) {
  Cog *c = mem_zalloc(sizeof *c);
  c->id = id;
  c->memory = memory;
  c->name = mem_zalloc(name_len + 1);
  memcpy(c->name, name, name_len);
  c->m = machine_new(&(MachineConfig){.jets = jets, .memory = memory, .trace = on_trace, .ctx = c});
  for (int i = COG_VALUE; i < COG_REFS; i++) ref_new(c->m, 0);
  RefMark mark = refs_mark(c->m);
  ref_copy(c->m, COG_ANSWERS, plan_tab_empty(c->m));
  ref_copy(c->m, COG_RECENT, plan_tab_empty(c->m));
  ref_copy(c->m, COG_ROW, plan_row(c->m, NULL, 0));
  refs_release(c->m, mark);
  c->window = mem_alloc(MESSAGE_WINDOW * sizeof *c->window);
  c->trace = mem_zalloc(TRACE_LINES * sizeof *c->trace);
  c->inbox_end = &c->inbox;
  return c;
}

void cog_free(Cog *c) {
  if (!c) return;
  assert(!c->inbox && c->follower_count == 0 && !c->prof);
  cog_drop_evals(c);
  machine_abandon(c->m);
  machine_free(c->m);
  for (size_t i = 0; i < TRACE_LINES; i++) {
    mem_free(c->trace[i].kind);
    mem_free(c->trace[i].text);
  }
  mem_free(c->trace);
  mem_free(c->at_work);
  mem_free(c->followers);
  btab_free(&c->by_message);
  mem_free(c->window);
  mem_free(c->requests);
  mem_free(c->answers);
  mem_free(c->offsets);
  buf_free(&c->prepared);
  mem_free(c->unclaimed);
  mem_free(c->marks);
  mem_free(c->name);
  mem_free(c);
}

bool cog_knows_message(const Cog *c, const MessageId *id, uint64_t *event) {
  const uint64_t *known = btab_get(&c->by_message, id, sizeof *id);
  if (known) *event = *known;
  return known != NULL;
}

void cog_note_message(Cog *c, const MessageId *id, uint64_t event) {
  if (!btab_put(&c->by_message, id, sizeof *id, event)) return;
  size_t at = (c->window_at + c->window_count) % MESSAGE_WINDOW;
  if (c->window_count == MESSAGE_WINDOW) {
    btab_del(&c->by_message, &c->window[at], sizeof *id, NULL);
    c->window_at = (c->window_at + 1) % MESSAGE_WINDOW;
  } else {
    c->window_count++;
  }
  c->window[at] = *id;
}

// Of too many, the older half is forgotten.
void cog_mark_logged(Cog *c, uint64_t event, uint64_t lsn) {
  if (event % LOG_STEP != 0) return;
  if (!c->marks) c->marks = mem_alloc(LOG_MARKS * sizeof *c->marks);
  if (c->mark_count == LOG_MARKS) {
    c->mark_count /= 2;
    memmove(c->marks, c->marks + c->mark_count, c->mark_count * sizeof *c->marks);
  }
  c->marks[c->mark_count++] = (struct LogMark){event, lsn};
}

uint64_t cog_logged_at(const Cog *c, uint64_t event) {
  for (size_t i = c->mark_count; i > 0; i--)
    if (c->marks[i - 1].event <= event) return c->marks[i - 1].lsn;
  return 0;
}

void cog_add_child(Cog *c, uint64_t id) {
  mem_reserve(c->unclaimed, c->unclaimed_cap, c->unclaimed_count + 1);
  c->unclaimed[c->unclaimed_count++] = id;
}

static void send_line(Cog *c, CtlCall *call, const TraceEntry *t) {
  RpcTraceLine line = {.cog = c->id,
                       .event = t->event,
                       .time_ns = t->time_ns,
                       .kind = {t->kind, strlen(t->kind)},
                       .text = {t->text, strlen(t->text)}};
  ctl_line(call, &line);
}

void cog_trace(Cog *c, uint64_t time_ns, const char *kind, const char *text) {
  size_t at = (c->trace_at + c->trace_count) % TRACE_LINES;
  TraceEntry *t = &c->trace[at];
  if (c->trace_count == TRACE_LINES) {
    mem_free(t->kind);
    mem_free(t->text);
    c->trace_at = (c->trace_at + 1) % TRACE_LINES;
  } else {
    c->trace_count++;
  }
  *t = (TraceEntry){c->events + (c->running ? 1 : 0), time_ns, mem_strdup(kind), mem_strdup(text)};
  for (size_t i = 0; i < c->follower_count; i++) send_line(c, c->followers[i], t);
}

void cog_show_trace(Cog *c, CtlCall *call) {
  for (size_t i = 0; i < c->trace_count; i++) send_line(c, call, &c->trace[(c->trace_at + i) % TRACE_LINES]);
}
