// The head file: which segment is the oldest that counts.
#include "common/base/blake3.h"
#include "common/base/mem.h"
#include "daemon/log/impl.h"
#include <stddef.h>
#include <string.h>

#define HEAD_MAGIC 0x304441454c4c4150u // "PALLEAD0"

// Written whole under another name and renamed. To change it: raise WAL_VERSION and follow segment.c; a head
// of the old version is read, and replaced at the next pruning.
typedef struct HeadFile {
  uint64_t magic;
  uint32_t version;
  uint32_t zero;
  uint64_t first_segment;
  uint64_t first_lsn;
  uint8_t store_id[WAL_STORE_ID_LEN];
  uint8_t check[WAL_CHECK_LEN]; // of all fields above
} HeadFile;

_Static_assert(sizeof(HeadFile) == 64, "head file is on disk");
_Static_assert(offsetof(HeadFile, check) == 48, "head file layout");

static char *head_path(const WalFiles *files) { return mem_printf("%s/head", files->dir); }

static void check_of(uint8_t out[WAL_CHECK_LEN], const HeadFile *h) {
  uint8_t full[BLAKE3_LEN];
  blake3(full, h, offsetof(HeadFile, check));
  memcpy(out, full, WAL_CHECK_LEN);
}

static bool check_head(const HeadFile *h, size_t len, const WalFiles *files, Err *err) {
  uint8_t check[WAL_CHECK_LEN];
  if (len < offsetof(HeadFile, zero) || h->magic != HEAD_MAGIC)
    return err_set(err, ERR_DATA, "the head file of the log in %s is damaged: restore the store from a copy",
                   files->dir);
  if (h->version != WAL_VERSION)
    return err_set(err, ERR_CONFIG, "the log in %s has format version %u; this build has version %u",
                   files->dir, h->version, WAL_VERSION);
  check_of(check, h);
  if (len != sizeof *h || memcmp(check, h->check, WAL_CHECK_LEN) != 0)
    return err_set(err, ERR_DATA, "the head file of the log in %s is damaged", files->dir);
  if (memcmp(h->store_id, files->store_id, WAL_STORE_ID_LEN) != 0)
    return err_set(err, ERR_CONFIG,
                   "the log in %s belongs to another store than the pages beside it: put back what belongs "
                   "together, or restore both from a copy",
                   files->dir);
  return true;
}

bool wal_head_read(const WalFiles *files, WalHead *head, bool *found, Err *err) {
  char *path = head_path(files);
  uint8_t *data;
  size_t len;
  Err why = ERR_INIT;
  *found = sys_read_file(files->sys, path, 4096, &data, &len, &why);
  mem_free(path);
  if (!*found) {
    if (why.code == ERR_NOT_FOUND) return true;
    if (err) *err = why;
    return false;
  }
  HeadFile h = {0};
  memcpy(&h, data, len < sizeof h ? len : sizeof h);
  mem_free(data);
  *head = (WalHead){h.first_segment, h.first_lsn};
  return check_head(&h, len, files, err);
}

bool wal_head_write(const WalFiles *files, const WalHead *head, Err *err) {
  HeadFile h = {.magic = HEAD_MAGIC,
                .version = WAL_VERSION,
                .first_segment = head->first_segment,
                .first_lsn = head->first_lsn};
  memcpy(h.store_id, files->store_id, WAL_STORE_ID_LEN);
  check_of(h.check, &h);
  char *path = head_path(files);
  bool ok = sys_write_file(files->sys, path, &h, sizeof h, err);
  mem_free(path);
  return ok;
}
