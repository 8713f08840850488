/*
 * Makes the N-th C library call for a path below FAILING_CALLS_FOLDER fail. This library is loaded with LD_PRELOAD. A
 * test sets N through the file FAILING_CALLS_CONTROL, which this library maps into memory.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

struct control {
  /* The number of calls until the one that fails. If it is 0 or less, no more calls fail. */
  int countdown;
  int error;
  /* Calls that only read do not count. */
  int changes_only;
  /* The call that failed. */
  char what[244];
};

static struct control *control;
static char folder[PATH_MAX];

__attribute__((constructor)) static void start(void) {
  const char *path = getenv("FAILING_CALLS_CONTROL"), *below = getenv("FAILING_CALLS_FOLDER");
  if (path == NULL || below == NULL) return;
  int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) abort();
  snprintf(folder, sizeof folder, "%s", below);
  control = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (control == MAP_FAILED) abort();
  close(file);
}

static int is_armed(void) { return control != NULL && __atomic_load_n(&control->countdown, __ATOMIC_SEQ_CST) > 0; }

static int fails(const char *call, const char *path) {
  if (!is_armed() || path == NULL || strncmp(path, folder, strlen(folder)) != 0) return 0;
  if (__atomic_sub_fetch(&control->countdown, 1, __ATOMIC_SEQ_CST) != 0) return 0;
  snprintf(control->what, sizeof control->what, "%s %s", call, path + strlen(folder));
  errno = control->error;
  return 1;
}

static int fails_reading(const char *call, const char *path) {
  return control != NULL && !control->changes_only && fails(call, path);
}

static int fails_on(const char *call, int file) {
  char link[64], path[PATH_MAX];
  if (!is_armed()) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  int reads = strstr("statx read pread64", call) != NULL;
  return reads ? fails_reading(call, path) : fails(call, path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* Wraps a call with up to five arguments. Whether it fails depends on a path argument. */
#define PATH1(type, bad, name, A, a) \
  type name(A a) { return FAILS(#name, a) ? bad : REAL(name)(a); }
#define PATH2(name, path, A, a, B, b) \
  int name(A a, B b) { return FAILS(#name, path) ? -1 : REAL(name)(a, b); }
#define PATH3(name, path, A, a, B, b, C, c) \
  int name(A a, B b, C c) { return FAILS(#name, path) ? -1 : REAL(name)(a, b, c); }
#define PATH4(name, path, A, a, B, b, C, c, D, d) \
  int name(A a, B b, C c, D d) { return FAILS(#name, path) ? -1 : REAL(name)(a, b, c, d); }
#define PATH5(name, path, A, a, B, b, C, c, D, d, E, e) \
  int name(A a, B b, C c, D d, E e) { return FAILS(#name, path) ? -1 : REAL(name)(a, b, c, d, e); }
typedef const char *text;

#define FAILS fails_reading
PATH1(DIR *, NULL, opendir, text, a)
PATH2(stat64, a, text, a, struct stat64 *, b)
PATH2(lstat64, a, text, a, struct stat64 *, b)
PATH4(fstatat64, b, int, a, text, b, struct stat64 *, c, int, d)
#undef FAILS
#define FAILS fails

PATH2(rename, a, text, a, text, b)
PATH4(renameat, b, int, a, text, b, int, c, text, d)
PATH5(renameat2, b, int, a, text, b, int, c, text, d, unsigned, e)
PATH2(link, a, text, a, text, b)
PATH5(linkat, b, int, a, text, b, int, c, text, d, int, e)
PATH1(int, -1, unlink, text, a)
PATH3(unlinkat, b, int, a, text, b, int, c)
PATH1(int, -1, rmdir, text, a)
PATH2(mkdir, a, text, a, mode_t, b)
PATH3(mkdirat, b, int, a, text, b, mode_t, c)
PATH2(chmod, a, text, a, mode_t, b)

int statx(int at, text restrict path, int flags, unsigned mask, struct statx *restrict found) {
  /* Rust calls statx with a NULL path, although the declaration rules that out. */
  volatile text given = path;
  int failed = given != NULL && given[0] != 0 ? fails_reading("statx", given) : fails_on("statx", at);
  return failed ? -1 : REAL(statx)(at, path, flags, mask, found);
}

#define HANDLE(name, ...) fails_on(#name, file) ? -1 : REAL(name)(file, ##__VA_ARGS__)
int fsync(int file) { return HANDLE(fsync); }
int fdatasync(int file) { return HANDLE(fdatasync); }
int fchmod(int file, mode_t mode) { return HANDLE(fchmod, mode); }
int ftruncate64(int file, off64_t size) { return HANDLE(ftruncate64, size); }
ssize_t write(int file, const void *bytes, size_t count) { return HANDLE(write, bytes, count); }
ssize_t writev(int file, const struct iovec *pieces, int count) { return HANDLE(writev, pieces, count); }
ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t at) { return HANDLE(pwrite64, bytes, count, at); }
ssize_t read(int file, void *bytes, size_t count) { return HANDLE(read, bytes, count); }
ssize_t pread64(int file, void *bytes, size_t count, off64_t at) { return HANDLE(pread64, bytes, count, at); }
ssize_t copy_file_range(int file, off64_t *from, int to, off64_t *at, size_t count, unsigned flags) {
  return HANDLE(copy_file_range, from, to, at, count, flags);
}

static mode_t mode_of(int flags, va_list more) {
  return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(more, mode_t) : 0;
}
#define OPEN(name) \
  int name(text path, int flags, ...) { \
    va_list more; va_start(more, flags); mode_t mode = mode_of(flags, more); va_end(more); \
    return (flags & O_CREAT ? fails : fails_reading)(#name, path) ? -1 : REAL(name)(path, flags, mode); \
  }
#define OPENAT(name) \
  int name(int at, text path, int flags, ...) { \
    va_list more; va_start(more, flags); mode_t mode = mode_of(flags, more); va_end(more); \
    return (flags & O_CREAT ? fails : fails_reading)(#name, path) ? -1 : REAL(name)(at, path, flags, mode); \
  }
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)
