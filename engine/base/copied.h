// An object of a class with derived classes, held as a value: a copy of the holder holds a copy of the object.
#pragma once

#include <memory>
#include <utility>

namespace sleight {

// Base has `std::unique_ptr<Base> clone() const`. Never empty, except after it was moved from.
template <class Base>
class Copied {
 public:
  explicit Copied(std::unique_ptr<Base> object) : object_(std::move(object)) {}
  Copied(const Copied& other) : object_(other.object_->clone()) {}
  Copied(Copied&&) noexcept = default;
  Copied& operator=(const Copied& other) { return *this = Copied(other); }
  Copied& operator=(Copied&&) noexcept = default;
  ~Copied() = default;

  Base& operator*() { return *object_; }
  const Base& operator*() const { return *object_; }
  Base* operator->() { return object_.get(); }
  const Base* operator->() const { return object_.get(); }

 private:
  std::unique_ptr<Base> object_;
};

}  // namespace sleight
