// A fiber: a function with a stack of its own that can stop in the middle and be continued later, on the same thread of
// the operating system. A thin layer over Boost.Context that also tells AddressSanitizer about every change of stack
// (without that it would take a jump to another stack for corruption).
#pragma once

#include <boost/context/fiber.hpp>
#include <boost/context/protected_fixedsize_stack.hpp>
#include <cstddef>
#include <functional>

namespace sleight::simt {

class Fiber {
 public:
  // Nothing runs before the first resume(). `body` must not let an exception out.
  explicit Fiber(std::function<void()> body);
  // The body must have returned, or never have started.
  ~Fiber() = default;
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Called from outside: runs the body until it suspends or returns.
  void resume();
  // Called from inside the body: goes back to where resume() was called.
  void suspend();

 private:
  // The lowest address of the stack.
  const void* bottom() const;

  boost::context::stack_context stack_;
  std::function<void()> body_;
  boost::context::fiber inside_;
  boost::context::fiber outside_;
  const void* outside_stack_bottom_ = nullptr;
  std::size_t outside_stack_size_ = 0;
};

}  // namespace sleight::simt
