// The test runner's main function, for Catch2 2.x and 3.x alike.
#define CATCH_CONFIG_RUNNER
#include "catch2_adapter.h"

int main(int argument_count, char** arguments) {
  return Catch::Session().run(argument_count, arguments);
}
