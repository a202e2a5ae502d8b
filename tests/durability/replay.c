#include "tests/durability/replay.h"
#include "common/base/mem.h"
#include "common/base/sys.h"
#include "tests/durability/trace.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR 512
#define TRACE_MAX (1u << 30)

typedef struct Op {
  TraceOp h;
  const char *path, *path2; // into the trace, without NUL; see text()
  const uint8_t *data;
} Op;

// A change to a file's bytes that no finished sync covers.
typedef struct Pending {
  size_t op; // which operation
  size_t at, len;
  const uint8_t *data; // NULL: the length becomes `at`
  bool sure;           // it arrived; it waits here only for the order among overlapping writes
} Pending;

typedef struct File {
  Buf now, disk;
  Pending *pending;
  size_t count, cap;
} File;

typedef struct Name {
  char *path;
  uint32_t file; // 0: removed; UINT32_MAX: a directory
} Name;

typedef struct Names {
  Name *n;
  size_t count, cap;
} Names;

// A change to a directory that no finished sync covers. A rename is one change of two names.
typedef struct NameChange {
  size_t op;
  const char *from; // removed, or NULL
  const char *to;   // set to `file`, or NULL
  uint32_t file;
} NameChange;

struct Trace {
  uint8_t *bytes;
  size_t len;
  Op *ops;
  size_t count, cap;
  char *base;
};

// One replay.
typedef struct Replay {
  File *files; // by number
  size_t file_count, file_cap;
  Names now, disk;
  NameChange *changes;
  size_t change_count, change_cap;
  char **texts; // paths as C strings, freed at the end
  size_t text_count, text_cap;
  uint64_t rng;
  uint64_t seed;
} Replay;

static uint64_t draw(Replay *r) {
  uint64_t z = r->rng += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static bool arrives(Replay *r) { return r->seed == 0 || (r->seed > 1 && draw(r) % 2); }

// --- loading -----------------------------------------------------------------------------------

static bool parse(Trace *t, Err *err) {
  Reader in = reader(t->bytes, t->len);
  while (reader_left(&in) >= sizeof(TraceOp)) { // the last one may be cut, when the process was killed
    Op op;
    memcpy(&op.h, read_bytes(&in, sizeof op.h), sizeof op.h);
    if (op.h.magic != TRACE_MAGIC || op.h.kind == 0 || op.h.kind >= TRACE_KIND_COUNT)
      return err_set(err, ERR_DATA, "operation %zu of the trace is malformed", t->count);
    op.path = (const char *)read_bytes(&in, op.h.path_len);
    op.path2 = (const char *)read_bytes(&in, op.h.path2_len);
    op.data = read_bytes(&in, op.h.data_len);
    if (in.bad) return true;
    if (op.h.kind == TRACE_UNSUPPORTED)
      return err_set(err, ERR_DATA, "the traced process used what a replay cannot model: %.*s",
                     (int)op.h.path_len, op.path);
    mem_reserve(t->ops, t->cap, t->count + 1);
    t->ops[t->count++] = op;
  }
  return true;
}

bool trace_load(Trace **out, const char *path, const char *base, Err *err) {
  Trace *t = mem_zalloc(sizeof *t);
  t->base = base ? mem_strdup(base) : NULL;
  if (!sys_read_file(sys_real(), path, TRACE_MAX, &t->bytes, &t->len, err) || !parse(t, err)) {
    trace_free(t);
    return false;
  }
  *out = t;
  return true;
}

void trace_free(Trace *t) {
  if (!t) return;
  mem_free(t->bytes);
  mem_free(t->ops);
  mem_free(t->base);
  mem_free(t);
}

size_t trace_length(const Trace *t) { return t->count; }

void trace_said(const Trace *t, size_t at, Buf *out) {
  for (size_t i = 0; i < at && i < t->count; i++)
    if (t->ops[i].h.kind == TRACE_SAY) buf_put(out, t->ops[i].data, t->ops[i].h.data_len);
}

// --- files -------------------------------------------------------------------------------------

static void resize(Buf *b, size_t len) {
  if (len > b->len) {
    size_t more = len - b->len;
    memset(buf_extend(b, more), 0, more);
  }
  b->len = len;
}

static void put_at(Buf *b, const uint8_t *data, size_t n, size_t at) {
  if (b->len < at + n) resize(b, at + n);
  memcpy(b->data + at, data, n);
}

static File *file_at(Replay *r, uint32_t number) {
  size_t old = r->file_cap;
  mem_reserve(r->files, r->file_cap, (size_t)number + 1);
  memset(r->files + old, 0, (r->file_cap - old) * sizeof *r->files);
  if (number >= r->file_count) r->file_count = (size_t)number + 1;
  return &r->files[number];
}

static void add_pending(File *f, Pending p) {
  mem_reserve(f->pending, f->cap, f->count + 1);
  f->pending[f->count++] = p;
  if (p.data)
    put_at(&f->now, p.data, p.len, p.at);
  else
    resize(&f->now, p.at);
}

static void apply_whole(File *f, const Pending *p) {
  if (p->data)
    put_at(&f->disk, p->data, p->len, p->at);
  else
    resize(&f->disk, p->at);
}

static void apply_sectors(Replay *r, File *f, const Pending *p) {
  if (!p->data) {
    if (arrives(r)) resize(&f->disk, p->at);
    return;
  }
  for (size_t done = 0; done < p->len;) {
    size_t n = SECTOR - (p->at + done) % SECTOR;
    if (n > p->len - done) n = p->len - done;
    if (p->sure || arrives(r)) put_at(&f->disk, p->data + done, n, p->at + done);
    done += n;
  }
}

// A sync that began at operation `begin` has ended.
static void synced(File *f, size_t begin) {
  size_t left = 0;
  for (size_t i = 0; i < f->count; i++) {
    if (f->pending[i].op < begin)
      apply_whole(f, &f->pending[i]);
    else
      f->pending[left++] = f->pending[i];
  }
  f->count = left;
}

// --- names -------------------------------------------------------------------------------------

static const char *text(Replay *r, const char *p, size_t len) {
  char *s = mem_alloc(len + 1);
  memcpy(s, p, len);
  s[len] = 0;
  mem_reserve(r->texts, r->text_cap, r->text_count + 1);
  return r->texts[r->text_count++] = s;
}

static Name *find_name(Names *names, const char *path) {
  for (size_t i = 0; i < names->count; i++)
    if (strcmp(names->n[i].path, path) == 0) return &names->n[i];
  return NULL;
}

static void set_name(Names *names, const char *path, uint32_t file) {
  Name *n = find_name(names, path);
  if (!n) {
    mem_reserve(names->n, names->cap, names->count + 1);
    n = &names->n[names->count++];
    n->path = mem_strdup(path);
  }
  n->file = file;
}

static void apply_change(Names *names, const NameChange *c) {
  if (c->to) set_name(names, c->to, c->file);
  if (c->from) set_name(names, c->from, 0);
}

static void change_name(Replay *r, size_t op, const char *from, const char *to, uint32_t file) {
  mem_reserve(r->changes, r->change_cap, r->change_count + 1);
  NameChange *c = &r->changes[r->change_count++];
  *c = (NameChange){op, from, to, file};
  apply_change(&r->now, c);
}

static bool is_in(const char *path, const char *dir) {
  size_t len = strlen(dir);
  const char *slash = strrchr(path, '/');
  return slash ? (size_t)(slash - path) == len && strncmp(path, dir, len) == 0 : len == 0;
}

static void synced_dir(Replay *r, const char *dir, size_t begin) {
  size_t left = 0;
  for (size_t i = 0; i < r->change_count; i++) {
    NameChange *c = &r->changes[i];
    if (c->op < begin && is_in(c->to ? c->to : c->from, dir))
      apply_change(&r->disk, c);
    else
      r->changes[left++] = *c;
  }
  r->change_count = left;
}

// --- one operation -----------------------------------------------------------------------------

static size_t begin_of(const Trace *t, size_t end, uint32_t kind) {
  for (size_t i = end; i-- > 0;)
    if (t->ops[i].h.kind == kind && t->ops[i].h.a == t->ops[end].h.a) return i;
  return 0;
}

static void open_file(Replay *r, size_t i, const Op *op) {
  const char *path = text(r, op->path, op->h.path_len);
  Name *n = find_name(&r->now, path);
  if (op->h.a) {
    file_at(r, op->h.file);
    change_name(r, i, NULL, path, op->h.file);
  } else if (n && n->file != 0 && n->file != op->h.file) { // from the base, now with its number in the trace
    File *f = file_at(r, op->h.file), *old = &r->files[n->file];
    buf_put(&f->now, old->now.data, old->now.len);
    buf_put(&f->disk, old->disk.data, old->disk.len);
    set_name(&r->now, path, op->h.file);
    set_name(&r->disk, path, op->h.file);
  }
}

static void write_file(Replay *r, size_t i, const Op *op) {
  File *f = file_at(r, op->h.file);
  Pending p = {.op = i, .at = (size_t)op->h.a, .len = op->h.data_len, .data = op->data, .sure = op->h.b};
  if (p.len > 0) add_pending(f, p);
}

static void set_length(Replay *r, size_t i, const Op *op, bool at_least) {
  File *f = file_at(r, op->h.file);
  if (!at_least || op->h.a > f->now.len) add_pending(f, (Pending){.op = i, .at = (size_t)op->h.a});
}

static void rename_file(Replay *r, size_t i, const Op *op) {
  const char *from = text(r, op->path, op->h.path_len), *to = text(r, op->path2, op->h.path2_len);
  Name *n = find_name(&r->now, from);
  change_name(r, i, from, to, n ? n->file : 0);
}

static void play(Replay *r, const Trace *t, size_t i) {
  const Op *op = &t->ops[i];
  switch ((TraceKind)op->h.kind) {
  case TRACE_OPEN: open_file(r, i, op); break;
  case TRACE_WRITE: write_file(r, i, op); break;
  case TRACE_TRUNCATE: set_length(r, i, op, false); break;
  case TRACE_ALLOCATE: set_length(r, i, op, true); break;
  case TRACE_SYNC_END: synced(file_at(r, op->h.file), begin_of(t, i, TRACE_SYNC_BEGIN)); break;
  case TRACE_DIR_END:
    synced_dir(r, text(r, op->path, op->h.path_len), begin_of(t, i, TRACE_DIR_BEGIN));
    break;
  case TRACE_RENAME: rename_file(r, i, op); break;
  case TRACE_UNLINK: change_name(r, i, text(r, op->path, op->h.path_len), NULL, 0); break;
  case TRACE_MKDIR: change_name(r, i, NULL, text(r, op->path, op->h.path_len), UINT32_MAX); break;
  case TRACE_SYNC_BEGIN:
  case TRACE_DIR_BEGIN:
  case TRACE_SAY:
  case TRACE_UNSUPPORTED:
  case TRACE_KIND_COUNT: break;
  }
}

// --- the base ----------------------------------------------------------------------------------

static bool load_base(Replay *r, const char *base, const char *sub, Err *err) {
  char *dir = mem_printf("%s%s%s", base, *sub ? "/" : "", sub);
  DIR *d = opendir(dir);
  bool ok = d != NULL || err_sys(err, ERR_IO, errno, "cannot list %s", dir);
  for (struct dirent *e; ok && d && (e = readdir(d)) != NULL;) {
    if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
    char *path = mem_printf("%s/%s", dir, e->d_name),
         *name = mem_printf("%s%s%s", sub, *sub ? "/" : "", e->d_name);
    struct stat s;
    if (stat(path, &s) == 0 && S_ISDIR(s.st_mode)) {
      set_name(&r->now, name, UINT32_MAX);
      set_name(&r->disk, name, UINT32_MAX);
      ok = load_base(r, base, name, err); // as deep as the store's own directories
    } else {
      uint32_t number = TRACE_FILES + 1 + (uint32_t)r->now.count; // out of the way of the trace's numbers
      uint8_t *data;
      size_t len;
      ok = sys_read_file(sys_real(), path, TRACE_MAX, &data, &len, err);
      if (ok) {
        File *f = file_at(r, number);
        buf_put(&f->now, data, len);
        buf_put(&f->disk, data, len);
        set_name(&r->now, name, number);
        set_name(&r->disk, name, number);
        mem_free(data);
      }
    }
    mem_free(path);
    mem_free(name);
  }
  if (d) closedir(d);
  mem_free(dir);
  return ok;
}

// --- the cut -----------------------------------------------------------------------------------

static void settle(Replay *r) {
  bool journal = r->seed > 1 && draw(r) % 2;
  size_t upto = journal ? draw(r) % (r->change_count + 1) : 0;
  for (size_t i = 0; i < r->change_count; i++)
    if (journal ? i < upto : arrives(r)) apply_change(&r->disk, &r->changes[i]);
  for (size_t i = 0; i < r->file_count; i++)
    for (size_t k = 0; k < r->files[i].count; k++) apply_sectors(r, &r->files[i], &r->files[i].pending[k]);
}

// Zeros become holes: a segment of the log is mostly that.
static bool write_bytes(int fd, const Buf *bytes) {
  static const uint8_t zeros[4096];
  for (size_t at = 0; at < bytes->len;) {
    size_t n = bytes->len - at < sizeof zeros ? bytes->len - at : sizeof zeros;
    if (memcmp(bytes->data + at, zeros, n) != 0 && pwrite(fd, bytes->data + at, n, (off_t)at) != (ssize_t)n)
      return false;
    at += n;
  }
  return ftruncate(fd, (off_t)bytes->len) == 0;
}

static bool write_one(const char *out, const Name *n, const File *f, Err *err) {
  char *path = mem_printf("%s/%s", out, n->path);
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  bool ok = fd >= 0 && write_bytes(fd, &f->disk);
  if (!ok) err_sys(err, ERR_IO, errno, "cannot write %s", path);
  if (fd >= 0) close(fd);
  mem_free(path);
  return ok;
}

static bool write_dirs(const char *out, const Names *names, Err *err) {
  if (mkdir(out, 0700) != 0 && errno != EEXIST) return err_sys(err, ERR_IO, errno, "cannot make %s", out);
  for (size_t i = 0; i < names->count; i++) {
    if (names->n[i].file != UINT32_MAX) continue;
    char *path = mem_printf("%s/%s", out, names->n[i].path);
    bool ok =
        mkdir(path, 0700) == 0 || errno == EEXIST || err_sys(err, ERR_IO, errno, "cannot make %s", path);
    mem_free(path);
    if (!ok) return false;
  }
  return true;
}

// A file whose directory did not arrive is lost with it.
static bool has_parent(Names *names, const char *path) {
  const char *slash = strrchr(path, '/');
  if (!slash) return true;
  char *dir = mem_printf("%.*s", (int)(slash - path), path);
  Name *n = find_name(names, dir);
  mem_free(dir);
  return n && n->file == UINT32_MAX;
}

static bool write_state(Replay *r, const char *out, Err *err) {
  if (!write_dirs(out, &r->disk, err)) return false;
  for (size_t i = 0; i < r->disk.count; i++) {
    Name *n = &r->disk.n[i];
    if (n->file == 0 || n->file == UINT32_MAX || !has_parent(&r->disk, n->path)) continue;
    if (!write_one(out, n, file_at(r, n->file), err)) return false;
  }
  return true;
}

static void free_names(Names *names) {
  for (size_t i = 0; i < names->count; i++) mem_free(names->n[i].path);
  mem_free(names->n);
}

static void replay_free(Replay *r) {
  for (size_t i = 0; i < r->file_count; i++) {
    buf_free(&r->files[i].now);
    buf_free(&r->files[i].disk);
    mem_free(r->files[i].pending);
  }
  for (size_t i = 0; i < r->text_count; i++) mem_free(r->texts[i]);
  free_names(&r->now);
  free_names(&r->disk);
  mem_free(r->files);
  mem_free(r->changes);
  mem_free(r->texts);
}

bool trace_cut(Trace *t, size_t at, uint64_t seed, const char *out, Err *err) {
  Replay r = {.rng = seed ^ (at * 0x100000001b3u), .seed = seed};
  bool ok = !t->base || load_base(&r, t->base, "", err);
  for (size_t i = 0; ok && i < at && i < t->count; i++) play(&r, t, i);
  if (ok) settle(&r);
  ok = ok && write_state(&r, out, err);
  replay_free(&r);
  return ok;
}
