#include "client/cache_file.h"
#include "common/base/base58.h"
#include "common/base/blake3.h"
#include "common/base/mem.h"
#include "common/base/sys.h"
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAGIC 0x53434c50u
#define SUFFIX ".state"
#define FRESH ".new-" // before the name of a file that is being written
#define FRESH_SECONDS 600
#define LOOKED_AT 256 // files in the folder at most, whoever put them there

enum { AT_SUM = 8, AT_BUILD = 40, AT_COUNT = 72, AT_ENTRIES = 80, ENTRY = 48 };
enum { ENTRY_BEFORE = 32, ENTRY_HELD = 40 };

struct CacheFolder {
  char *path;
  uint8_t build[32];
};

// --- the folder ----------------------------------------------------------------------------------
char *cache_default_folder(void) {
  const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
  if (base != NULL && base[0] == '/') return mem_printf("%s/pall", base);
  return home != NULL && home[0] == '/' ? mem_printf("%s/.cache/pall", home) : NULL;
}

static bool is_ours(const struct stat *st) {
  return st->st_uid == geteuid() && (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static bool make_folder(const char *path) {
  char *copy = mem_strdup(path);
  for (char *slash = strchr(copy + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = 0;
    mkdir(copy, 0755);
    *slash = '/';
  }
  mkdir(copy, 0700);
  mem_free(copy);
  struct stat st;
  return stat(path, &st) == 0 && S_ISDIR(st.st_mode) && is_ours(&st);
}

// The linker's hash of the program's contents.
static int find_build_id(struct dl_phdr_info *info, size_t size, void *found) {
  for (size_t i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *h = &info->dlpi_phdr[i];
    if (h->p_type != PT_NOTE) continue;
    const char *p = (const char *)info->dlpi_addr + h->p_vaddr, *end = p + h->p_memsz;
    while (end - p >= (ptrdiff_t)sizeof(ElfW(Nhdr))) {
      ElfW(Nhdr) note;
      memcpy(&note, p, sizeof note);
      const char *name = p + sizeof note, *desc = name + ((note.n_namesz + 3) & ~3u);
      if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && memcmp(name, "GNU", 4) == 0)
        return blake3(found, desc, note.n_descsz), 1;
      p = desc + ((note.n_descsz + 3) & ~3u);
    }
  }
  return 2; // the program is the first object, and no other counts
}

static void hash_build(uint8_t out[32]) {
  if (dl_iterate_phdr(find_build_id, out) == 1) return;
  struct stat st = {0};
  char text[96];
  stat("/proc/self/exe", &st);
  int n = snprintf(text, sizeof text, "%lld %lld %ld", (long long)st.st_size, (long long)st.st_mtim.tv_sec,
                   st.st_mtim.tv_nsec);
  blake3(out, text, (size_t)n);
}

CacheFolder *cache_folder_open(const char *path) {
  if (path == NULL || !make_folder(path)) return NULL;
  CacheFolder *f = mem_zalloc(sizeof *f);
  f->path = mem_strdup(path);
  hash_build(f->build);
  return f;
}

void cache_folder_close(CacheFolder *f) {
  if (f == NULL) return;
  mem_free(f->path);
  mem_free(f);
}

static char *path_of(const CacheFolder *f, const uint8_t hash[32]) {
  uint8_t both[64], name[32];
  char text[BASE58_HASH_MAX];
  memcpy(both, f->build, 32);
  memcpy(both + 32, hash, 32);
  blake3(name, both, sizeof both);
  base58_hash(text, name);
  return mem_printf("%s/%s" SUFFIX, f->path, text);
}

typedef struct Found {
  char *path;
  struct timespec used;
  size_t bytes;
} Found;

typedef struct FoundList {
  Found *items;
  size_t count, cap;
} FoundList;

static bool is_state(const char *name) {
  size_t n = strlen(name), suffix = strlen(SUFFIX);
  return n > suffix && strcmp(name + n - suffix, SUFFIX) == 0;
}

static bool is_fresh(const char *name) { return strncmp(name, FRESH, strlen(FRESH)) == 0; }

static int newest_first(const void *a, const void *b) {
  const struct timespec *x = &((const Found *)a)->used, *y = &((const Found *)b)->used;
  if (x->tv_sec != y->tv_sec) return x->tv_sec > y->tv_sec ? -1 : 1;
  return x->tv_nsec > y->tv_nsec ? -1 : x->tv_nsec < y->tv_nsec;
}

// Files whose name is one of ours.
static FoundList list_files(const char *folder, bool (*wanted)(const char *name)) {
  FoundList l = {0};
  DIR *dir = opendir(folder);
  for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
    struct stat st;
    if (!wanted(e->d_name)) continue;
    char *path = mem_printf("%s/%s", folder, e->d_name);
    if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode)) {
      mem_free(path);
      continue;
    }
    mem_reserve(l.items, l.cap, l.count + 1);
    l.items[l.count++] = (Found){path, st.st_mtim, (size_t)st.st_size};
  }
  if (dir != NULL) closedir(dir);
  if (l.count > 0) qsort(l.items, l.count, sizeof *l.items, newest_first);
  return l;
}

static void list_free(FoundList *l) {
  for (size_t i = 0; i < l->count; i++) mem_free(l->items[i].path);
  mem_free(l->items);
  *l = (FoundList){0};
}

// Those unused for longest, and what a process that was killed left half written.
static void remove_oldest(const CacheFolder *f) {
  FoundList states = list_files(f->path, is_state), fresh = list_files(f->path, is_fresh);
  size_t bytes = 0;
  for (size_t i = 0; i < states.count; i++) {
    bytes += states.items[i].bytes;
    if (i >= CACHE_FILES || (i > 0 && bytes > CACHE_BYTES)) unlink(states.items[i].path);
  }
  time_t now = time(NULL);
  for (size_t i = 0; i < fresh.count; i++)
    if (now - fresh.items[i].used.tv_sec > FRESH_SECONDS) unlink(fresh.items[i].path);
  list_free(&states);
  list_free(&fresh);
}

static bool is_either(const char *name) { return is_state(name) || is_fresh(name); }

CacheUse cache_folder_use(const char *path) {
  CacheUse use = {0};
  FoundList l = list_files(path, is_either);
  for (size_t i = 0; i < l.count; i++) use.files++, use.bytes += l.items[i].bytes;
  list_free(&l);
  return use;
}

bool cache_folder_clear(const char *path, CacheUse *removed, Err *err) {
  bool ok = true;
  *removed = (CacheUse){0};
  FoundList l = list_files(path, is_either);
  for (size_t i = 0; ok && i < l.count; i++) {
    ok = unlink(l.items[i].path) == 0 || errno == ENOENT ||
         err_sys(err, ERR_IO, errno, "cannot remove %s", l.items[i].path);
    if (ok) removed->files++, removed->bytes += l.items[i].bytes;
  }
  list_free(&l);
  return ok;
}

// --- reading -------------------------------------------------------------------------------------
// The beginning of a file, as far as `len` goes. The number of states, or 0.
static uint32_t read_head(const CacheFolder *f, const uint8_t *data, size_t len) {
  if (len < AT_ENTRIES || le32_at(data) != MAGIC || le32_at(data + 4) != CACHE_VERSION) return 0;
  if (memcmp(data + AT_BUILD, f->build, 32) != 0) return 0;
  uint32_t count = le32_at(data + AT_COUNT);
  return count <= CACHE_STATES && (size_t)count * ENTRY <= len - AT_ENTRIES ? count : 0;
}

static void read_entries(const uint8_t *data, uint32_t count, CacheEntry *out) {
  for (uint32_t i = 0; i < count; i++) {
    const uint8_t *p = data + AT_ENTRIES + (size_t)i * ENTRY;
    memcpy(out[i].hash, p, sizeof out[i].hash);
    out[i].before = le32_at(p + ENTRY_BEFORE);
    out[i].held = le64_at(p + ENTRY_HELD);
  }
}

static bool entries_are_sound(const CacheFile *file) {
  for (uint32_t i = 0; i < file->count; i++)
    if (file->entries[i].before > i) return false;
  return true;
}

static bool read_file(const CacheFolder *f, const char *path, CacheFile *out) {
  size_t len = 0;
  uint8_t sum[32];
  struct stat st;
  *out = (CacheFile){0};
  if (stat(path, &st) != 0 || !is_ours(&st)) return false;
  if (!sys_read_file(sys_real(), path, CACHE_FILE_BYTES, &out->data, &len, NULL)) return false;
  out->count = read_head(f, out->data, len);
  if (out->count > 0) {
    blake3(sum, out->data + AT_BUILD, len - AT_BUILD);
    out->entries = mem_alloc(mem_mul(out->count, sizeof *out->entries));
    read_entries(out->data, out->count, out->entries);
    size_t head = AT_ENTRIES + (size_t)out->count * ENTRY;
    out->bundle = out->data + head;
    out->bundle_len = len - head;
    if (memcmp(sum, out->data + AT_SUM, sizeof sum) == 0 && entries_are_sound(out)) return true;
  }
  cache_file_free(out);
  return false;
}

// Whether the file says that it holds the state; looks at its beginning only.
static bool mentions(const CacheFolder *f, const char *path, const uint8_t hash[32]) {
  size_t most = AT_ENTRIES + (size_t)CACHE_STATES * ENTRY;
  uint8_t *head = mem_alloc(most);
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  ssize_t n = fd < 0 ? -1 : pread(fd, head, most, 0);
  if (fd >= 0) close(fd);
  uint32_t count = n > 0 ? read_head(f, head, (size_t)n) : 0;
  bool found = false;
  for (uint32_t i = 0; i < count && !found; i++)
    found = memcmp(head + AT_ENTRIES + (size_t)i * ENTRY, hash, 32) == 0;
  mem_free(head);
  return found;
}

static bool has_entry(const CacheFile *file, const uint8_t hash[32]) {
  for (uint32_t i = 0; i < file->count; i++)
    if (memcmp(file->entries[i].hash, hash, 32) == 0) return true;
  return false;
}

// A file that proves damaged is removed, so that it is not looked at again.
static bool take_file(const CacheFolder *f, const char *path, const uint8_t hash[32], CacheFile *out) {
  bool ok = read_file(f, path, out);
  if (ok && has_entry(out, hash)) return utimensat(AT_FDCWD, path, NULL, 0), true;
  if (ok)
    cache_file_free(out);
  else
    unlink(path);
  return false;
}

bool cache_file_find(CacheFolder *f, const uint8_t hash[32], CacheFile *out) {
  char *own = path_of(f, hash);
  bool found = access(own, R_OK) == 0 && take_file(f, own, hash, out);
  mem_free(own);
  FoundList l = {0};
  if (!found) l = list_files(f->path, is_state);
  for (size_t i = 0; i < l.count && i < LOOKED_AT && !found; i++)
    found = mentions(f, l.items[i].path, hash) && take_file(f, l.items[i].path, hash, out);
  list_free(&l);
  return found;
}

void cache_file_free(CacheFile *file) {
  mem_free(file->data);
  mem_free(file->entries);
  *file = (CacheFile){0};
}

// --- writing -------------------------------------------------------------------------------------
static void put_entries(Buf *out, const CacheEntry *entries, uint32_t count) {
  buf_le32(out, count);
  buf_le32(out, 0);
  for (uint32_t i = 0; i < count; i++) {
    buf_put(out, entries[i].hash, sizeof entries[i].hash);
    buf_le32(out, entries[i].before);
    buf_le32(out, 0);
    buf_le64(out, entries[i].held);
  }
}

static bool write_all(int fd, const uint8_t *p, size_t n) {
  while (n > 0) {
    ssize_t done = write(fd, p, n);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    p += done, n -= (size_t)done;
  }
  return true;
}

// Not synced: after a power cut the file may be damaged, and then it is written again.
void cache_file_write(CacheFolder *f, const CacheEntry *entries, uint32_t count, const Buf *bundle) {
  Buf file = {0};
  buf_le32(&file, MAGIC);
  buf_le32(&file, CACHE_VERSION);
  memset(buf_extend(&file, AT_BUILD - AT_SUM), 0, AT_BUILD - AT_SUM);
  buf_put(&file, f->build, sizeof f->build);
  put_entries(&file, entries, count);
  buf_put(&file, bundle->data, bundle->len);
  blake3(file.data + AT_SUM, file.data + AT_BUILD, file.len - AT_BUILD);
  char *fresh = mem_printf("%s/" FRESH "XXXXXX", f->path), *path = path_of(f, entries[count - 1].hash);
  int fd = file.len <= CACHE_FILE_BYTES ? mkostemp(fresh, O_CLOEXEC) : -1;
  bool ok = fd >= 0 && write_all(fd, file.data, file.len);
  if (fd >= 0) ok = close(fd) == 0 && ok;
  if (fd >= 0 && (!ok || rename(fresh, path) != 0)) unlink(fresh);
  if (ok) remove_oldest(f);
  mem_free(fresh);
  mem_free(path);
  buf_free(&file);
}
