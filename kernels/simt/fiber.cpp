#include "kernels/simt/fiber.h"

#include <memory>
#include <utility>

// Present exactly when the program is built with AddressSanitizer (sanitizer/common_interface_defs.h); null otherwise.
extern "C" {
[[gnu::weak]] void __sanitizer_start_switch_fiber(void** fake_stack_save, const void* bottom, std::size_t size);
[[gnu::weak]] void __sanitizer_finish_switch_fiber(void* fake_stack_save, const void** bottom_old,
                                                   std::size_t* size_old);
}

namespace sleight::simt {
namespace {

// Only touched pages cost memory. Kernels are shallow; sanitizers and unoptimized builds are what needs the room.
constexpr std::size_t stack_size = 256 * 1024;

void announce_switch(void** fake_stack_save, const void* bottom, std::size_t size) {
  if (__sanitizer_start_switch_fiber != nullptr) __sanitizer_start_switch_fiber(fake_stack_save, bottom, size);
}

void complete_switch(void* fake_stack_save, const void** bottom_old, std::size_t* size_old) {
  if (__sanitizer_finish_switch_fiber != nullptr)
    __sanitizer_finish_switch_fiber(fake_stack_save, bottom_old, size_old);
}

}  // namespace

Fiber::Fiber(std::function<void()> body) : body_(std::move(body)) {
  boost::context::protected_fixedsize_stack allocator(stack_size);
  stack_ = allocator.allocate();
  // Making a fiber visits its new stack for a moment, so this is a switch there and back as well.
  void* fake_stack = nullptr;
  announce_switch(&fake_stack, bottom(), stack_.size);
  inside_ = boost::context::fiber(std::allocator_arg, boost::context::preallocated(stack_.sp, stack_.size, stack_),
                                  allocator, [this](boost::context::fiber&& outside) {
                                    complete_switch(nullptr, &outside_stack_bottom_, &outside_stack_size_);
                                    outside_ = std::move(outside);
                                    body_();
                                    announce_switch(nullptr, outside_stack_bottom_, outside_stack_size_);
                                    return std::move(outside_);
                                  });
  void* fake_stack_of_visit = nullptr;
  complete_switch(nullptr, &outside_stack_bottom_, &outside_stack_size_);
  announce_switch(&fake_stack_of_visit, outside_stack_bottom_, outside_stack_size_);
  complete_switch(fake_stack, nullptr, nullptr);
}

const void* Fiber::bottom() const {
  return static_cast<const char*>(stack_.sp) - stack_.size;
}

void Fiber::resume() {
  void* fake_stack = nullptr;
  announce_switch(&fake_stack, bottom(), stack_.size);
  inside_ = std::move(inside_).resume();
  complete_switch(fake_stack, nullptr, nullptr);
}

void Fiber::suspend() {
  void* fake_stack = nullptr;
  announce_switch(&fake_stack, outside_stack_bottom_, outside_stack_size_);
  outside_ = std::move(outside_).resume();
  complete_switch(fake_stack, &outside_stack_bottom_, &outside_stack_size_);
}

}  // namespace sleight::simt
