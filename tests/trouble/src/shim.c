/* Shifts the wall clock of a process by the seconds in the file that TROUBLE_CLOCK names.
   The file is read again twice a second of real time, so the clock can be moved while it runs. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long offset(const struct timespec *now) {
  static __thread long known, read_at;
  long half = now->tv_sec * 2 + now->tv_nsec / 500000000;
  if (half == read_at) return known;
  read_at = half;
  const char *name = getenv("TROUBLE_CLOCK");
  char text[32] = {0};
  int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return known;
  if (read(file, text, sizeof text - 1) > 0) known = strtol(text, 0, 10);
  close(file);
  return known;
}

int clock_gettime(clockid_t which, struct timespec *now) {
  long failed = syscall(SYS_clock_gettime, which, now);
  if (!failed && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) now->tv_sec += offset(now);
  return (int)failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  (void)zone;
  struct timespec exact;
  if (clock_gettime(CLOCK_REALTIME, &exact)) return -1;
  now->tv_sec = exact.tv_sec;
  now->tv_usec = exact.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *out) {
  struct timespec exact;
  if (clock_gettime(CLOCK_REALTIME, &exact)) return -1;
  if (out) *out = exact.tv_sec;
  return exact.tv_sec;
}
