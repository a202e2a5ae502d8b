// Full evaluation: a depth-first walk over the parts of a value that are not known to be in normal
// form, in the order of their formal application (head first, then arguments in order of application,
// so rows from the highest index down); or in the opposite order, the last argument first and the head
// last.
//
// Frame: [value][state][self], then the walk's own stack: pairs of an object being walked and the
// position of its next part. Objects on that stack carry OBJ_SEEN: meeting one again means that the
// value contains itself, which no computation can finish (a loop). Finished objects carry OBJ_NF, so a
// shared part is walked once.
#include "common/plan/frame.h"
#include "common/plan/row.h"

// The word index of an object's `at`-th part in walking order; 0 when there are no more. The parts of a view
// lie in another object, which *holder becomes.
static size_t part_index(uint64_t **holder, size_t at, bool last_first) {
  uint64_t *o = *holder;
  size_t n = obj_count(o);
  switch (obj_kind(o)) {
  case KIND_ROW_VIEW:
    if (at == n) return 0;
    *holder = val_obj(o[VIEW_BASE]);
    return o[VIEW_FROM] + (last_first ? 1 + at : n - at);
  case KIND_ROW_TREE: n = tree_children(o); // falls through
  case KIND_ROW:
    if (at == n) return 0;
    return last_first ? 1 + at : n - at;
  case KIND_APP:
    if (at > app_args(o)) return 0;
    return last_first ? 1 + app_args(o) - at : 1 + at;
  case KIND_TAB: return at < 1 ? TAB_VALS : 0;
  default: return 0;
  }
}

static void finish(Machine *m, Value *pair) {
  val_is_tab(&pair[0]); // an app of a set whose argument is evaluated now may have become a tab
  uint64_t *o = val_obj(pair[0]);
  o[0] = (o[0] | OBJ_NF) & ~(uint64_t)OBJ_SEEN;
}

static JetResult walk(Machine *m, Value *bottom, bool last_first, Value *io) {
  while (m->sp > bottom) {
    Value *top = m->sp - 2;
    uint64_t *o = val_obj(top[0]);
    size_t index = part_index(&o, (size_t)top[1], last_first);
    if (index == 0) {
      finish(m, top);
      m->sp -= 2;
      continue;
    }
    Value v = o[index];
    if (val_is_lazy(v)) {
      Value seen = val_deref(v);
      if (val_is_lazy(seen)) {
        *io = seen;
        return JET_EVAL;
      }
      heap_write(m, o, index, v = seen);
    }
    top[1]++;
    if (val_is_nf(v)) continue;
    uint64_t *part = val_obj(v);
    if (obj_has(part, OBJ_SEEN)) {
      m->stop = RUN_LOOP;
      return JET_STOP;
    }
    if (!stack_room(m, 2) || !jet_charge(m, 1)) return JET_STOP;
    part[0] |= OBJ_SEEN;
    stack_push(m, v);
    stack_push(m, 0);
  }
  return JET_DONE;
}

static JetResult force(Machine *m, Value *f, bool last_first, Value *io) {
  Value *bottom = f + 3;
  if (f[1] == 0) {
    f[1] = 1;
    *io = f[0];
    return JET_EVAL;
  }
  if (f[1] == 1) {
    f[1] = 2;
    f[0] = *io;
    if (val_is_nf(f[0])) return JET_DONE;
    if (obj_has(val_obj(f[0]), OBJ_SEEN)) {
      m->stop = RUN_LOOP;
      return JET_STOP;
    }
    val_obj(f[0])[0] |= OBJ_SEEN;
    stack_push(m, f[0]);
    stack_push(m, 0);
  } else {
    Value *top = m->sp - 2;
    uint64_t *o = val_obj(top[0]);
    size_t index = part_index(&o, (size_t)top[1], last_first);
    heap_write(m, o, index, *io);
  }
  JetResult result = walk(m, bottom, last_first, io);
  if (result == JET_DONE) *io = f[0];
  return result;
}

static JetResult run_force(Machine *m, Value *f, Value *io) { return force(m, f, false, io); }
static JetResult run_force_last(Machine *m, Value *f, Value *io) { return force(m, f, true, io); }

void force_unwind(Machine *m, Value *frame, Value *top) {
  for (Value *p = frame + 3; p + 1 < top; p += 2) val_obj(p[0])[0] &= ~(uint64_t)OBJ_SEEN;
}

const JetDef def_force = {.name = "{force}", .arity = 1, .state = 1, .run = run_force};
const JetDef def_force_last = {.name = "{force}", .arity = 1, .state = 1, .run = run_force_last};
