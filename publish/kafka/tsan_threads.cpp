// Built into programs only under -fsanitize=thread. librdkafka makes its threads and locks by C11's <threads.h>, which
// gcc's thread sanitizer does not know: it would crash in such a thread and see races where there is a lock. These
// definitions come before libc's and go by the pthread calls that it does know.

#include <pthread.h>
#include <threads.h>

#include <cerrno>
#include <cstdint>
#include <memory>

namespace {

static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t) && sizeof(cnd_t) == sizeof(pthread_cond_t));

pthread_mutex_t* pthread_of(mtx_t* mutex) { return reinterpret_cast<pthread_mutex_t*>(mutex); }
pthread_cond_t* pthread_of(cnd_t* condition) { return reinterpret_cast<pthread_cond_t*>(condition); }

int result_of(int error) {
  if (error == 0) return thrd_success;
  return error == ETIMEDOUT ? thrd_timedout : thrd_error;
}

struct Start {
  thrd_start_t function;
  void* argument;
};

void* run(void* start) {
  const std::unique_ptr<Start> what(static_cast<Start*>(start));
  return reinterpret_cast<void*>(static_cast<std::intptr_t>(what->function(what->argument)));
}

}  // namespace

// Weak, so that a library and the program that links it may both bring them.
extern "C" {
// librdkafka's own atomics stay invisible: what it does by itself is not ours to check.
// NOLINTNEXTLINE: the sanitizer asks by this name
[[gnu::weak]] const char* __tsan_default_suppressions() { return "race:librdkafka.so\n"; }

[[gnu::weak]] int thrd_create(thrd_t* thread, thrd_start_t function, void* argument) {
  auto start = std::make_unique<Start>(Start{function, argument});
  const int error = pthread_create(thread, nullptr, run, start.get());
  if (error == 0) static_cast<void>(start.release());  // the thread's now
  return result_of(error);
}
[[gnu::weak]] int thrd_join(thrd_t thread, int* result) {
  void* value = nullptr;
  const int error = pthread_join(thread, &value);
  if (result) *result = static_cast<int>(reinterpret_cast<std::intptr_t>(value));
  return result_of(error);
}
[[gnu::weak]] int mtx_init(mtx_t* mutex, int type) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  if ((type & mtx_recursive) != 0) pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
  const int error = pthread_mutex_init(pthread_of(mutex), &attributes);
  pthread_mutexattr_destroy(&attributes);
  return result_of(error);
}
[[gnu::weak]] void mtx_destroy(mtx_t* mutex) { pthread_mutex_destroy(pthread_of(mutex)); }
[[gnu::weak]] int mtx_lock(mtx_t* mutex) { return result_of(pthread_mutex_lock(pthread_of(mutex))); }
[[gnu::weak]] int mtx_unlock(mtx_t* mutex) { return result_of(pthread_mutex_unlock(pthread_of(mutex))); }
[[gnu::weak]] int cnd_init(cnd_t* condition) { return result_of(pthread_cond_init(pthread_of(condition), nullptr)); }
[[gnu::weak]] void cnd_destroy(cnd_t* condition) { pthread_cond_destroy(pthread_of(condition)); }
[[gnu::weak]] int cnd_signal(cnd_t* condition) { return result_of(pthread_cond_signal(pthread_of(condition))); }
[[gnu::weak]] int cnd_broadcast(cnd_t* condition) { return result_of(pthread_cond_broadcast(pthread_of(condition))); }
[[gnu::weak]] int cnd_wait(cnd_t* condition, mtx_t* mutex) {
  return result_of(pthread_cond_wait(pthread_of(condition), pthread_of(mutex)));
}
[[gnu::weak]] int cnd_timedwait(cnd_t* condition, mtx_t* mutex, const timespec* until) {
  return result_of(pthread_cond_timedwait(pthread_of(condition), pthread_of(mutex), until));
}
}
