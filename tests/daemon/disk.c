#include "tests/daemon/disk.h"
#include "common/base/buf.h"
#include "common/base/mem.h"
#include "tests/util.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define SECTOR 512
#define NAMES 64
#define FDS 64

// A write that was not synced. `len` 0 with `size` set is a change of length.
typedef struct Pending {
  size_t at, len, size;
  uint8_t *bytes;
} Pending;

typedef struct Inode {
  Buf now, durable;
  Pending *pending;
  size_t pending_count, pending_cap;
} Inode;

typedef struct Entry {
  char *path;
  Inode *inode; // NULL: removed
} Entry;

typedef struct Directory {
  Entry e[NAMES];
  size_t count;
} Directory;

struct Disk {
  Sys sys;
  uint64_t rng;
  Directory now, durable;
  Entry *changes; // to `durable`, in order; inode NULL removes
  size_t change_count, change_cap;
  Inode **inodes; // all there ever were
  size_t inode_count, inode_cap;
  Inode *fds[FDS];
  uint64_t calls, fail_at, capacity, clock;
  int error;
  bool stay;
};

// --- files -------------------------------------------------------------------------------------

static Inode *new_inode(Disk *d) {
  Inode *i = mem_zalloc(sizeof *i);
  mem_reserve(d->inodes, d->inode_cap, d->inode_count + 1);
  return d->inodes[d->inode_count++] = i;
}

static void resize(Buf *b, size_t len) {
  if (len > b->len) {
    size_t more = len - b->len;
    memset(buf_extend(b, more), 0, more);
  }
  b->len = len;
}

static void write_at(Buf *b, const void *src, size_t n, size_t at) {
  if (b->len < at + n) resize(b, at + n);
  memcpy(b->data + at, src, n);
}

static void forget_pending(Inode *i) {
  for (size_t k = 0; k < i->pending_count; k++) mem_free(i->pending[k].bytes);
  i->pending_count = 0;
}

static void add_pending(Inode *i, Pending p) {
  mem_reserve(i->pending, i->pending_cap, i->pending_count + 1);
  i->pending[i->pending_count++] = p;
}

static void copy_buf(Buf *to, const Buf *from) {
  buf_clear(to);
  if (from->len > 0) buf_put(to, from->data, from->len);
}

// --- directory ---------------------------------------------------------------------------------

static Entry *lookup(Directory *dir, const char *path) {
  for (size_t i = 0; i < dir->count; i++)
    if (strcmp(dir->e[i].path, path) == 0) return &dir->e[i];
  return NULL;
}

static void set_entry(Directory *dir, const char *path, Inode *inode) {
  Entry *e = lookup(dir, path);
  if (!e && !inode) return;
  if (!e) {
    assert(dir->count < NAMES);
    e = &dir->e[dir->count++];
    e->path = mem_strdup(path);
  }
  e->inode = inode;
  if (inode) return;
  mem_free(e->path);
  *e = dir->e[--dir->count];
}

static void change(Disk *d, const char *path, Inode *inode) {
  set_entry(&d->now, path, inode);
  mem_reserve(d->changes, d->change_cap, d->change_count + 1);
  d->changes[d->change_count++] = (Entry){mem_strdup(path), inode};
}

static void forget_changes(Disk *d) {
  for (size_t i = 0; i < d->change_count; i++) mem_free(d->changes[i].path);
  d->change_count = 0;
}

static uint64_t space_used(const Disk *d) {
  uint64_t sum = 0;
  for (size_t i = 0; i < d->now.count; i++) sum += d->now.e[i].inode->now.len;
  return sum;
}

// --- the Sys -----------------------------------------------------------------------------------

static bool fails(Disk *d) {
  d->calls++;
  if (d->fail_at == 0 || d->calls < d->fail_at || (d->calls > d->fail_at && !d->stay)) return false;
  errno = d->error;
  return true;
}

static bool grows_too_much(Disk *d, const Inode *i, size_t size) {
  if (d->capacity == 0 || size <= i->now.len || space_used(d) + (size - i->now.len) <= d->capacity)
    return false;
  errno = ENOSPC;
  return true;
}

static bool arrives(Disk *d, DiskFate fate) {
  return fate == DISK_ALL || (fate == DISK_RANDOM && test_random(&d->rng) % 2 == 0);
}

static void apply_pending(Disk *d, Inode *i, const Pending *p, DiskFate fate) {
  if (p->len == 0) {
    if (arrives(d, fate)) resize(&i->durable, p->size);
    return;
  }
  for (size_t done = 0; done < p->len;) {
    size_t n = SECTOR - (p->at + done) % SECTOR;
    if (n > p->len - done) n = p->len - done;
    if (arrives(d, fate)) write_at(&i->durable, p->bytes + done, n, p->at + done);
    done += n;
  }
}

static int d_open(void *ctx, const char *path, int flags, mode_t mode) {
  Disk *d = ctx;
  if (fails(d)) return -1;
  Entry *e = lookup(&d->now, path);
  if (!e && !(flags & O_CREAT)) {
    errno = ENOENT;
    return -1;
  }
  Inode *i = e ? e->inode : new_inode(d);
  if (!e) change(d, path, i);
  if (flags & O_TRUNC) {
    i->now.len = 0;
    add_pending(i, (Pending){.size = 0});
  }
  for (int fd = 0; fd < FDS; fd++) {
    if (d->fds[fd]) continue;
    d->fds[fd] = i;
    return fd;
  }
  assert(!"descriptors leak");
  return -1;
}

static Inode *file_of(Disk *d, int fd) {
  assert(fd >= 0 && fd < FDS && d->fds[fd]);
  return d->fds[fd];
}

static int d_close(void *ctx, int fd) {
  file_of(ctx, fd);
  ((Disk *)ctx)->fds[fd] = NULL;
  return 0;
}

static ssize_t d_pread(void *ctx, int fd, void *buf, size_t n, off_t off) {
  Inode *i = file_of(ctx, fd);
  if (fails(ctx)) return -1;
  if ((size_t)off >= i->now.len) return 0;
  size_t got = i->now.len - (size_t)off < n ? i->now.len - (size_t)off : n;
  memcpy(buf, i->now.data + off, got);
  return (ssize_t)got;
}

static ssize_t d_pwrite(void *ctx, int fd, const void *buf, size_t n, off_t off) {
  Disk *d = ctx;
  Inode *i = file_of(d, fd);
  if (grows_too_much(d, i, (size_t)off + n)) return -1;
  bool failed = fails(d);
  size_t done = failed && n > 0 ? test_random(&d->rng) % n : n; // a part may have been written
  if (done > 0) {
    write_at(&i->now, buf, done, (size_t)off);
    add_pending(i, (Pending){.at = (size_t)off, .len = done, .bytes = mem_dup(buf, done)});
  }
  return failed ? -1 : (ssize_t)n;
}

static int d_fdatasync(void *ctx, int fd) {
  Disk *d = ctx;
  Inode *i = file_of(d, fd);
  bool failed = fails(d);
  for (size_t k = 0; k < i->pending_count; k++)
    apply_pending(d, i, &i->pending[k], failed ? DISK_RANDOM : DISK_ALL);
  forget_pending(i);
  return failed ? -1 : 0;
}

static int d_fallocate(void *ctx, int fd, off_t off, off_t len) {
  Inode *i = file_of(ctx, fd);
  size_t size = (size_t)(off + len);
  if (fails(ctx) || grows_too_much(ctx, i, size)) return -1;
  if (size <= i->now.len) return 0;
  resize(&i->now, size);
  add_pending(i, (Pending){.size = size});
  return 0;
}

static int d_ftruncate(void *ctx, int fd, off_t len) {
  Inode *i = file_of(ctx, fd);
  if (fails(ctx)) return -1;
  resize(&i->now, (size_t)len);
  add_pending(i, (Pending){.size = (size_t)len});
  return 0;
}

static int d_rename(void *ctx, const char *from, const char *to) {
  Disk *d = ctx;
  if (fails(d)) return -1;
  Entry *e = lookup(&d->now, from);
  if (!e) {
    errno = ENOENT;
    return -1;
  }
  Inode *i = e->inode;
  change(d, to, i);
  change(d, from, NULL);
  return 0;
}

static int d_unlink(void *ctx, const char *path) {
  Disk *d = ctx;
  if (fails(d)) return -1;
  if (!lookup(&d->now, path)) {
    errno = ENOENT;
    return -1;
  }
  change(d, path, NULL);
  return 0;
}

static void apply_change(Disk *d, const Entry *e) { set_entry(&d->durable, e->path, e->inode); }

static int d_sync_dir(void *ctx, const char *dir) {
  Disk *d = ctx;
  if (fails(d)) return -1;
  for (size_t i = 0; i < d->change_count; i++) apply_change(d, &d->changes[i]);
  forget_changes(d);
  return 0;
}

static uint64_t d_ns(void *ctx) { return ++((Disk *)ctx)->clock; }

static void d_random(void *ctx, void *out, size_t n) { test_fill(&((Disk *)ctx)->rng, out, n); }

// --- crashes -----------------------------------------------------------------------------------

static void shuffle(Disk *d, Pending *p, size_t n) {
  for (size_t i = n; i > 1; i--) {
    size_t k = test_random(&d->rng) % i;
    Pending t = p[i - 1];
    p[i - 1] = p[k];
    p[k] = t;
  }
}

static void crash_inode(Disk *d, Inode *i, DiskFate fate) {
  if (fate == DISK_RANDOM && test_random(&d->rng) % 2) shuffle(d, i->pending, i->pending_count);
  for (size_t k = 0; k < i->pending_count; k++) apply_pending(d, i, &i->pending[k], fate);
  forget_pending(i);
  copy_buf(&i->now, &i->durable);
}

static void clear_directory(Directory *dir) {
  for (size_t i = 0; i < dir->count; i++) mem_free(dir->e[i].path);
  dir->count = 0;
}

// Half of the time the changes of the directory are lost from some point on, as with a journal; else each by
// itself.
static void crash_directory(Disk *d, DiskFate fate) {
  bool journal = test_random(&d->rng) % 2;
  size_t upto = test_random(&d->rng) % (d->change_count + 1);
  for (size_t i = 0; i < d->change_count; i++)
    if (fate == DISK_ALL || (fate == DISK_RANDOM && (journal ? i < upto : arrives(d, fate))))
      apply_change(d, &d->changes[i]);
  forget_changes(d);
  clear_directory(&d->now);
  for (size_t i = 0; i < d->durable.count; i++)
    set_entry(&d->now, d->durable.e[i].path, d->durable.e[i].inode);
}

void disk_crash(Disk *d, DiskFate fate) {
  for (size_t i = 0; i < d->inode_count; i++) crash_inode(d, d->inodes[i], fate);
  crash_directory(d, fate);
  memset(d->fds, 0, sizeof d->fds);
  disk_fail(d, 0, 0, false);
}

// --- the rest ----------------------------------------------------------------------------------

Disk *disk_new(uint64_t seed) {
  Disk *d = mem_zalloc(sizeof *d);
  d->rng = seed;
  d->sys = (Sys){.ctx = d,
                 .open = d_open,
                 .close = d_close,
                 .pread = d_pread,
                 .pwrite = d_pwrite,
                 .fdatasync = d_fdatasync,
                 .fallocate = d_fallocate,
                 .ftruncate = d_ftruncate,
                 .rename = d_rename,
                 .unlink = d_unlink,
                 .sync_dir = d_sync_dir,
                 .wall_ns = d_ns,
                 .mono_ns = d_ns,
                 .random = d_random};
  return d;
}

void disk_free(Disk *d) {
  for (size_t i = 0; i < d->inode_count; i++) {
    forget_pending(d->inodes[i]);
    mem_free(d->inodes[i]->pending);
    buf_free(&d->inodes[i]->now);
    buf_free(&d->inodes[i]->durable);
    mem_free(d->inodes[i]);
  }
  forget_changes(d);
  clear_directory(&d->now);
  clear_directory(&d->durable);
  mem_free(d->changes);
  mem_free(d->inodes);
  mem_free(d);
}

const Sys *disk_sys(Disk *d) { return &d->sys; }

void disk_fail(Disk *d, uint64_t nth, int error, bool stay) {
  d->calls = 0;
  d->fail_at = nth;
  d->error = error;
  d->stay = stay;
}

uint64_t disk_calls(const Disk *d) { return d->calls; }

void disk_capacity(Disk *d, uint64_t bytes) { d->capacity = bytes; }

uint8_t *disk_bytes(Disk *d, const char *path, size_t *len) {
  Entry *e = lookup(&d->now, path);
  if (!e) return NULL;
  *len = e->inode->now.len;
  return e->inode->now.data;
}

bool disk_cut(Disk *d, const char *path, size_t len) {
  Entry *e = lookup(&d->now, path);
  if (e) resize(&e->inode->now, len);
  return e != NULL;
}

bool disk_remove(Disk *d, const char *path) {
  bool there = lookup(&d->now, path) != NULL;
  if (there) change(d, path, NULL);
  return there;
}

Disk *disk_copy(const Disk *d, uint64_t seed) {
  Disk *c = disk_new(seed);
  for (size_t i = 0; i < d->now.count; i++) {
    Inode *inode = new_inode(c);
    copy_buf(&inode->now, &d->now.e[i].inode->now);
    copy_buf(&inode->durable, &inode->now);
    set_entry(&c->now, d->now.e[i].path, inode);
    set_entry(&c->durable, d->now.e[i].path, inode);
  }
  return c;
}
