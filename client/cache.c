#include "client/cache.h"
#include "common/base/base58.h"
#include "common/base/blake3.h"
#include "common/base/mem.h"
#include "common/base/sys.h"
#include "common/codec/bundle.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_BYTES ((size_t)256 << 20)
#define SUFFIX ".state"

struct Cache {
  Machine *m;
  char *library, *folder;
  uint8_t build[32]; // of this program
  uint8_t hash[32];  // of `state`
  Ref last, state;   // of the module run last; of the last one of the library
  uint8_t last_hash[32];
  bool is_new;
};

// --- names ---------------------------------------------------------------------------------------
static char *default_folder(void) {
  const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
  if (base != NULL && base[0] == '/') return mem_printf("%s/pall", base);
  return home != NULL && home[0] == '/' ? mem_printf("%s/.cache/pall", home) : NULL;
}

// Another build may compile the same text to other code: size and time of the program tell builds apart.
static void hash_build(uint8_t out[32]) {
  struct stat st = {0};
  stat("/proc/self/exe", &st);
  char text[128];
  int n = snprintf(text, sizeof text, "%lld %lld %ld %d", (long long)st.st_size, (long long)st.st_mtim.tv_sec,
                   st.st_mtim.tv_nsec, BUNDLE_VERSION);
  blake3(out, text, (size_t)n);
}

static char *state_path(const Cache *c, const uint8_t hash[32]) {
  uint8_t both[64], name[32];
  char text[BASE58_HASH_MAX];
  memcpy(both, c->build, 32);
  memcpy(both + 32, hash, 32);
  blake3(name, both, sizeof both);
  base58_hash(text, name);
  return mem_printf("%s/%s" SUFFIX, c->folder, text);
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
  return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

Cache *cache_open(Machine *m, const char *library, const char *folder) {
  char *place = folder != NULL ? mem_strdup(folder) : default_folder();
  if (library == NULL || place == NULL || !make_folder(place)) {
    mem_free(place);
    return NULL;
  }
  Cache *c = mem_zalloc(sizeof *c);
  *c = (Cache){.m = m, .library = mem_strdup(library), .folder = place};
  c->last = plan_nat(m, 0);
  c->state = plan_nat(m, 0);
  hash_build(c->build);
  return c;
}

// --- reading -------------------------------------------------------------------------------------
Ref cache_recall(Cache *c, const char *module, const uint8_t hash[32]) {
  if (c == NULL) return 0;
  char *path = state_path(c, hash);
  uint8_t *data = NULL, sum[32];
  size_t len = 0;
  Ref state = 0;
  bool ok = sys_read_file(sys_real(), path, MAX_BYTES, &data, &len, NULL) && len > sizeof sum;
  if (ok) {
    blake3(sum, data + sizeof sum, len - sizeof sum);
    ok = memcmp(sum, data, sizeof sum) == 0 &&
         bundle_decode(c->m, NULL, data + sizeof sum, len - sizeof sum, NULL, &state, NULL);
  }
  if (ok) utimensat(AT_FDCWD, path, NULL, 0);
  mem_free(data);
  mem_free(path);
  return ok ? state : 0;
}

// --- writing -------------------------------------------------------------------------------------
void cache_keep(Cache *c, const char *module, const uint8_t hash[32], Ref state) {
  if (c == NULL) return;
  ref_copy(c->m, c->last, state);
  memcpy(c->last_hash, hash, sizeof c->last_hash);
}

void cache_module(Cache *c, const char *module, const char *path) {
  if (c == NULL) return;
  size_t n = strlen(c->library);
  if (strncmp(path, c->library, n) != 0 || path[n] != '/') return;
  ref_copy(c->m, c->state, c->last);
  memcpy(c->hash, c->last_hash, sizeof c->hash);
  c->is_new = true;
}

typedef struct Found {
  char *path;
  struct timespec used;
} Found;

static int newest_first(const void *a, const void *b) {
  const struct timespec *x = &((const Found *)a)->used, *y = &((const Found *)b)->used;
  if (x->tv_sec != y->tv_sec) return x->tv_sec > y->tv_sec ? -1 : 1;
  return x->tv_nsec > y->tv_nsec ? -1 : x->tv_nsec < y->tv_nsec;
}

static bool is_state(const char *name) {
  size_t n = strlen(name), suffix = strlen(SUFFIX);
  return n > suffix && strcmp(name + n - suffix, SUFFIX) == 0;
}

static void remove_oldest(const Cache *c) {
  Found *found = NULL;
  size_t count = 0, cap = 0;
  DIR *dir = opendir(c->folder);
  for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
    struct stat st;
    if (!is_state(e->d_name)) continue;
    char *path = mem_printf("%s/%s", c->folder, e->d_name);
    if (stat(path, &st) != 0) st.st_mtim = (struct timespec){0};
    mem_reserve(found, cap, count + 1);
    found[count++] = (Found){path, st.st_mtim};
  }
  if (dir != NULL) closedir(dir);
  if (count > 0) qsort(found, count, sizeof *found, newest_first);
  for (size_t i = 0; i < count; i++) {
    if (i >= CACHE_FILES) unlink(found[i].path);
    mem_free(found[i].path);
  }
  mem_free(found);
}

static void save(Cache *c) {
  Buf file = {0};
  uint8_t *sum = buf_extend(&file, 32);
  memset(sum, 0, 32);
  if (bundle_encode(c->m, c->state, MAX_BYTES - 32, &file, NULL)) {
    blake3(file.data, file.data + 32, file.len - 32);
    char *path = state_path(c, c->hash);
    sys_write_file(sys_real(), path, file.data, file.len, NULL);
    mem_free(path);
    remove_oldest(c);
  }
  buf_free(&file);
}

void cache_close(Cache *c) {
  if (c == NULL) return;
  if (c->is_new) save(c);
  mem_free(c->library);
  mem_free(c->folder);
  mem_free(c);
}
