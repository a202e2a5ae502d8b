// Chains of files: where modules are found, what a chain may not be, imports and exports, known states.
#include "common/base/mem.h"
#include "tests/sire/support.h"
#include "tests/suite.h"
#include <stdio.h>
#include <string.h>

static bool load(Fixture *f, const char *path) {
  char *full = mem_printf("%s/%s", f->dir, path);
  f->err = ERR_INIT;
  buf_clear(&f->log);
  bool ok = sire_load_file(f->s, full, &f->err);
  mem_free(full);
  return ok;
}

// Where without the folder.
static void check_error(Fixture *f, ErrCode code, const char *where, const char *part) {
  ck_assert_int_eq(f->err.code, code);
  const char *folder = strstr(f->err.where, f->dir);
  ck_assert_str_eq(folder == f->err.where ? f->err.where + strlen(f->dir) + 1 : f->err.where, where);
  ck_assert_msg(strstr(f->err.msg, part) != NULL, "%s", f->err.msg);
}

static void check_value(Fixture *f, const char *name, const char *expected) {
  char *value = fixture_value(f, name);
  ck_assert_str_eq(value, expected);
  mem_free(value);
}

// Beside the file first, then in the library; the library's own chain stays in the library.
START_TEST(search) {
  Fixture *f = fixture_new();
  fixture_write(f, "lib/low.sire", "#### low\n\n= x 1\n");
  fixture_write(f, "lib/base.sire", "#### base <- low\n\n:| low\n= y (3 x)\n");
  fixture_write(f, "mid.sire", "#### mid <- base\n\n:| base\n= z (3 y)\n");
  fixture_write(f, "top.sire", "#### top <- mid\n\n:| mid [z]\n= w (3 z)\n");
  ck_assert_msg(load(f, "top.sire"), "%s", f->err.msg);
  check_value(f, "w", "4");
  ck_assert_uint_eq(sire_counts(f->s).modules, 4);
  Err err = ERR_INIT;
  ck_assert_uint_eq(sire_lookup(f->s, "y", &err), 0);
  ck_assert_int_eq(err.code, ERR_NOT_FOUND);
  ck_assert(sire_load_module(f->s, "base", &err));
  check_value(f, "y", "2");
  fixture_free(f);
}
END_TEST

// A module is run once however often it is loaded, unless its text or that of one before it changes.
START_TEST(known_states) {
  Fixture *f = fixture_new();
  fixture_write(f, "base.sire", "#### base\n\n= x 1\n\n=?= x 1\n");
  fixture_write(f, "a.sire", "#### a <- base\n\n:| base\n= y (3 x)\n");
  ck_assert(load(f, "a.sire") && load(f, "a.sire") && load(f, "base.sire"));
  ck_assert_uint_eq(sire_counts(f->s).modules, 2);
  check_value(f, "x", "1");
  fixture_write(f, "base.sire", "#### base\n\n= x 5\n\n=?= x 5\n");
  ck_assert(load(f, "a.sire"));
  ck_assert_uint_eq(sire_counts(f->s).modules, 4);
  ck_assert_uint_eq(sire_counts(f->s).passed, 2);
  check_value(f, "y", "6");
  fixture_free(f);
}
END_TEST

// The callbacks of a cache: what keep was given comes back by recall and is used instead of the text.
START_TEST(cached_states) {
  Fixture *f = fixture_new();
  Err err = ERR_INIT;
  f->use_cache = true;
  fixture_restart(f);
  fixture_write(f, "base.sire", "#### base\n\n= x 1\n");
  fixture_write(f, "a.sire", "#### a <- base\n\n:| base\n= y (3 x)\n");
  ck_assert(load(f, "base.sire") && f->seen_keep);
  Sire *other = sire_new(f->m, &(SireOptions){.events = {.ctx = f}});
  fixture_write(f, "base.sire", "#### base\n\n= x (5 6)\n");
  ck_assert_msg(load(f, "a.sire"), "%s", f->err.msg);
  check_value(f, "y", "2");
  ck_assert_uint_eq(sire_lookup(other, "x", &err), 0);
  sire_free(other);
  fixture_free(f);
}
END_TEST

START_TEST(missing) {
  Fixture *f = fixture_new();
  ck_assert(!load(f, "none.sire"));
  ck_assert_int_eq(f->err.code, ERR_NOT_FOUND);
  fixture_write(f, "a.sire", "; a comment\n\n#### a <- b\n");
  ck_assert(!load(f, "a.sire"));
  check_error(f, ERR_NOT_FOUND, "a.sire:3", "no module b: neither ");
  ck_assert_ptr_nonnull(strstr(f->err.msg, "/b.sire nor "));
  ck_assert_ptr_nonnull(strstr(f->err.msg, "/lib/b.sire"));
  Sire *alone = sire_new(f->m, &(SireOptions){0});
  ck_assert(!sire_load_module(alone, "x", &f->err));
  ck_assert_ptr_nonnull(strstr(f->err.msg, "no library folder is given"));
  sire_free(alone);
  ck_assert(!sire_load_module(f->s, "../a", &f->err));
  ck_assert_int_eq(f->err.code, ERR_DATA);
  fixture_write(f, "c.sire", "#### c <- {../a}\n");
  ck_assert(!load(f, "c.sire"));
  check_error(f, ERR_DATA, "c.sire:1", "\"../a\" cannot be the name of a module");
  fixture_free(f);
}
END_TEST

START_TEST(headers) {
  Fixture *f = fixture_new();
  fixture_write(f, "a.sire", "; nothing\n");
  ck_assert(!load(f, "a.sire"));
  check_error(f, ERR_DATA, "a.sire", "the file is empty: it must begin with its module's name");
  fixture_write(f, "a.sire", "\n= x 3\n");
  ck_assert(!load(f, "a.sire"));
  check_error(f, ERR_DATA, "a.sire:2:1", "a file begins with its module's name: #### name, or ");
  fixture_write(f, "a.sire", "#### a <= b\n");
  ck_assert(!load(f, "a.sire"));
  check_error(f, ERR_DATA, "a.sire:1:1", "expected #### name, or #### name <- before");
  fixture_write(f, "a.sire", "#### a\n\n= x 3\n\n#### b\n");
  ck_assert(!load(f, "a.sire"));
  check_error(f, ERR_DATA, "a.sire:5:1", "begins a chain, but a is loaded already");
  fixture_write(f, "a.sire", "#### a\n\n= x 3\n\n#### b <- c\n");
  ck_assert(!load(f, "a.sire"));
  check_error(f, ERR_DATA, "a.sire:5:1", "the module before this one is a, not c");
  fixture_write(f, "a.sire", "#### other\n");
  ck_assert(load(f, "a.sire"));
  ck_assert_ptr_nonnull(strstr(buf_cstr(&f->log), "warning: the file says that it is the module other"));
  fixture_write(f, "a.sire", "#### a\n\n= x )\n");
  ck_assert(!load(f, "a.sire"));
  check_error(f, ERR_DATA, "a.sire:3:5", "unexpected byte ')'");
  fixture_free(f);
}
END_TEST

START_TEST(circles) {
  Fixture *f = fixture_new();
  fixture_write(f, "a.sire", "#### a <- b\n");
  fixture_write(f, "b.sire", "#### b <- c\n");
  fixture_write(f, "c.sire", "#### c <- b\n");
  ck_assert(!load(f, "a.sire"));
  check_error(f, ERR_DATA, "c.sire:1", "the modules form a circle: b <- c <- b");
  fixture_write(f, "self.sire", "#### self <- self\n");
  ck_assert(!load(f, "self.sire"));
  check_error(f, ERR_DATA, "self.sire:1", "the modules form a circle: self <- self");
  fixture_write(f, "x.sire", "#### same <- y\n");
  fixture_write(f, "y.sire", "#### same\n");
  ck_assert(!load(f, "x.sire"));
  check_error(f, ERR_DATA, "y.sire:1", "two modules of one chain are called same: the other is ");
  fixture_free(f);
}
END_TEST

// A program cannot take the place of a library module.
START_TEST(shadows) {
  Fixture *f = fixture_new();
  fixture_write(f, "lib/base.sire", "#### base\n\n= x 1\n");
  fixture_write(f, "base.sire", "#### base\n\n= x 2\n");
  fixture_write(f, "a.sire", "#### a <- base\n");
  ck_assert(!load(f, "base.sire"));
  check_error(f, ERR_EXISTS, "base.sire", "this file has the name of a library module (");
  ck_assert(!load(f, "a.sire"));
  check_error(f, ERR_EXISTS, "base.sire", "); rename it");
  ck_assert(load(f, "lib/base.sire"));
  check_value(f, "x", "1");
  fixture_free(f);
}
END_TEST

START_TEST(imports_and_exports) {
  Fixture *f = fixture_new();
  fixture_write(f, "a.sire", "#### a\n\n= x 1\n= y 2\n= {a b} 3\n\n^-^ x\n^-^ {a b} x\n");
  fixture_write(f, "b.sire",
                "#### b <- a\n\n= x 7\n= z 9\n\n:| a [x]\n:| a [{a b}]\n:| a []\n\n= q .{a b}\n");
  ck_assert_msg(load(f, "b.sire"), "%s", f->err.msg);
  check_value(f, "x", "1");
  check_value(f, "z", "9");
  check_value(f, "q", "3");
  fixture_write(f, "b.sire", "#### b <- a\n\n:| a [y]\n");
  ck_assert(!load(f, "b.sire"));
  check_error(f, ERR_DATA, "b.sire:3:1", "the module a has no y to import");
  fixture_write(f, "b.sire", "#### b <- a\n\n= p a.x\n\n= q a.y\n");
  ck_assert(!load(f, "b.sire"));
  check_error(f, ERR_DATA, "b.sire:5:5", "no module a with a y was loaded before this one");
  fixture_write(f, "b.sire", "#### b <- a\n\n^-^\n");
  ck_assert(load(f, "b.sire"));
  Err err = ERR_INIT;
  ck_assert_uint_eq(plan_len(f->m, sire_scope(f->s, &err)), 0);
  fixture_free(f);
}
END_TEST

// A failed load leaves the empty state.
START_TEST(failure_leaves_nothing) {
  Fixture *f = fixture_new();
  Err err = ERR_INIT;
  fixture_write(f, "a.sire", "#### a\n\n= x 1\n\n= y no\n");
  ck_assert(!load(f, "a.sire"));
  ck_assert_uint_eq(plan_len(f->m, sire_scope(f->s, &err)), 0);
  fixture_free(f);
}
END_TEST

START_TEST(definitions) {
  Fixture *f = fixture_new();
  SirePlace p;
  fixture_write(f, "a.sire", "#### a\n\n; Adds.\n; Twice.\n= (add x)\n| x\n\n= u 1\n= v 2\n");
  ck_assert(load(f, "a.sire"));
  ck_assert(sire_find_definition(f->s, "a", "add", &p));
  ck_assert_uint_eq(p.line, 5);
  ck_assert_uint_eq(p.col, 4);
  ck_assert_ptr_nonnull(strstr(p.file, "/a.sire"));
  ck_assert(p.doc_len > 0 && memmem(p.doc, p.doc_len, "Adds.", 5) && memmem(p.doc, p.doc_len, "Twice.", 6));
  ck_assert(sire_find_definition(f->s, "a", "v", &p));
  ck_assert_uint_eq(p.line, 9);
  ck_assert_uint_eq(p.doc_len, 0);
  ck_assert(!sire_find_definition(f->s, "b", "v", &p));
  ck_assert(!sire_find_definition(f->s, "a", "w", &p));
  fixture_free(f);
}
END_TEST

// A definition without a comment has the last one above it that names it, as a word.
START_TEST(group_comments) {
  Fixture *f = fixture_new();
  SirePlace p;
  fixture_write(f, "a.sire",
                "#### a\n\n; f x: one.  g x: two.  {#h}: three.\n= (f x) x\n\n= (g x) x\n\n"
                "= ({#h} x) x\n\n= (x2 a) a\n\n; gg and f2: others.\n\n= two 2\n\n= (f2 x) x\n");
  ck_assert_msg(load(f, "a.sire"), "%s", f->err.msg);
  static const char *const named[] = {"f", "g", "#h"};
  for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
    ck_assert(sire_find_definition(f->s, "a", named[i], &p));
    ck_assert_msg(p.doc_len > 0 && memmem(p.doc, p.doc_len, "one.", 4), "%s", named[i]);
  }
  static const char *const unnamed[] = {"x2", "f2"}; // f2: the comment above has a blank line below it
  for (size_t i = 0; i < sizeof unnamed / sizeof *unnamed; i++) {
    ck_assert(sire_find_definition(f->s, "a", unnamed[i], &p));
    ck_assert_msg(p.doc_len == 0, "%s", unnamed[i]);
  }
  fixture_free(f);
}
END_TEST

// The place of a name in scope, also when its module was not run because its state was known.
START_TEST(places) {
  Fixture *f = fixture_new();
  Err err = ERR_INIT;
  SirePlace p;
  fixture_write(f, "lib/base.sire",
                "#### base\n\n=?= 1 1\n\n; Same.\n= (same x) x\n\n= (**two x)\n| same x\n\n= u 1\n= v 2\n");
  fixture_write(f, "a.sire", "#### a <- base\n\n:| base\n\n= w same\n");
  f->use_cache = true;
  for (int round = 0; round < 2; round++) { // the second time, base is not run
    fixture_restart(f);
    ck_assert_msg(load(f, "a.sire"), "%s", f->err.msg);
    ck_assert_msg(sire_find_place(f->s, "same", &p, &err), "%s", err.msg);
    ck_assert_ptr_nonnull(strstr(p.file, "lib/base.sire"));
    ck_assert_uint_eq(p.line, 6);
    ck_assert_uint_eq(p.col, 4);
    ck_assert_uint_eq(p.doc_len, strlen("; Same.\n"));
    ck_assert(sire_find_place(f->s, "two", &p, &err));
    ck_assert_uint_eq(p.line, 8);
    ck_assert(sire_find_place(f->s, "v", &p, &err));
    ck_assert_uint_eq(p.line, 12);
    ck_assert(sire_find_place(f->s, "w", &p, &err));
    ck_assert_uint_eq(p.line, 5);
    ck_assert(sire_find_definition(f->s, "base", "u", &p));
    ck_assert_uint_eq(p.line, 11);
    ck_assert(!sire_find_place(f->s, "none", &p, &err));
    ck_assert_int_eq(err.code, ERR_NOT_FOUND);
  }
  fixture_free(f);
}
END_TEST

SUITE_MAIN("sire/module", search, known_states, cached_states, missing, headers, circles, shadows,
           imports_and_exports, failure_leaves_nothing, definitions, group_comments, places)
