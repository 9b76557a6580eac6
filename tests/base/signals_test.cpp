#include "engine/base/signals.h"

#include <sys/wait.h>
#include <unistd.h>

#include <optional>

#include "catch2_adapter.h"
#include "tests/base/error_message.h"

namespace sleight {

namespace {

// Runs function in a child process and gives its exit status as waitpid tells it.
template <class Function>
int status_of_child(Function&& function) {
  const pid_t child = fork();
  if (child == 0) {
    function();
    _exit(7);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

}  // namespace

TEST_CASE("one signal is noted and the process lives") {
  for (const int signal_number : {SIGINT, SIGTERM, SIGHUP}) {
    CAPTURE(signal_number);
    const StopSignals signals;
    CHECK(StopSignals::requested() == 0);
    std::raise(signal_number);
    CHECK(StopSignals::requested() == signal_number);
  }
  const StopSignals again;
  CHECK(StopSignals::requested() == 0);
}

TEST_CASE("whoever asks a second time ends the process by that signal") {
  for (const int first : {SIGINT, SIGTERM}) {
    for (const int second : {SIGINT, SIGTERM}) {
      CAPTURE(first, second);
      const int status = status_of_child([&] {
        const StopSignals signals;
        std::raise(first);
        std::raise(second);
      });
      CHECK(WIFSIGNALED(status));
      CHECK(WTERMSIG(status) == second);
    }
  }
}

TEST_CASE("a lost terminal asks for a stop, as often as it says so, and is no first request of a person") {
  const int status = status_of_child([] {
    const StopSignals signals;
    for (const int signal_number : {SIGHUP, SIGHUP, SIGTERM, SIGHUP})
      std::raise(signal_number);
    _exit(StopSignals::requested() == SIGHUP ? 3 : 4);
  });
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 3);
}

TEST_CASE("nohup holds: an ignored SIGHUP stays ignored") {
  const int status = status_of_child([] {
    std::signal(SIGHUP, SIG_IGN);
    const StopSignals signals;
    std::raise(SIGHUP);
    _exit(StopSignals::requested() == 0 ? 3 : 4);
  });
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 3);
}

TEST_CASE("afterwards the signals do what they did before, and two watchers at once are refused") {
  {
    const StopSignals signals;
    CHECK(contains(error_message([] { StopSignals second; }), "already being watched"));
    std::raise(SIGINT);
    CHECK(StopSignals::requested() == SIGINT);
  }
  const int status = status_of_child([] {
    std::signal(SIGTERM, SIG_DFL);
    { const StopSignals signals; }
    std::raise(SIGTERM);
  });
  REQUIRE(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGTERM);
}

}  // namespace sleight
