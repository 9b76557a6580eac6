// The recording device itself: it must report what it is there to report.
#include <algorithm>
#include <cstring>

#include "catch2_adapter.h"
#include "engine/base/error.h"
#include "engine/device/buffer.h"
#include "engine/device/handles.h"
#include "engine/device/slab_allocator.h"
#include "tests/device/recording_runtime.h"

namespace sleight::test {
namespace {

struct Fixture {
  std::shared_ptr<RecordingRuntime> runtime = std::make_shared<RecordingRuntime>();
  Buffer device{runtime, 1024}, pinned{runtime, 1024, MemoryKind::pinned};

  void submit(Stream stream, const std::string& name, std::int64_t offset, std::int64_t bytes, bool writes) {
    const std::array<Access, 1> accesses = {Access{device.data() + offset, bytes, writes}};
    runtime->submit(stream, name, accesses, [] {});
  }
};

}  // namespace

TEST_CASE("accesses of two streams that nothing orders are reported, those an event orders are not") {
  Fixture fixture;
  Event event(fixture.runtime);
  fixture.submit(Stream::upload, "writer", 0, 100, true);
  event.record(Stream::upload);
  SECTION("without waiting") {
    fixture.submit(Stream::compute, "reader", 96, 100, false);
    REQUIRE(fixture.runtime->reports().size() == 1);
    CHECK(fixture.runtime->reports().front() == "'reader' and 'writer' touch the same memory and nothing orders them");
  }
  SECTION("after waiting") {
    event.hold(Stream::compute);
    fixture.submit(Stream::compute, "reader", 96, 100, false);
    CHECK(fixture.runtime->reports().empty());
  }
  SECTION("after waiting for an event that was recorded too early") {
    fixture.submit(Stream::upload, "second writer", 0, 100, true);
    event.hold(Stream::compute);
    fixture.submit(Stream::compute, "reader", 96, 100, false);
    CHECK(fixture.runtime->reports().size() == 1);
  }
  SECTION("other bytes") {
    fixture.submit(Stream::compute, "neighbor", 100, 100, true);
    CHECK(fixture.runtime->reports().empty());
  }
  SECTION("two readers") {
    event.hold(Stream::compute);
    fixture.submit(Stream::compute, "reader", 0, 100, false);
    fixture.submit(Stream::upload, "other reader", 0, 100, false);
    CHECK(fixture.runtime->reports().empty());
    fixture.submit(Stream::upload, "overwriting", 0, 100, true);
    REQUIRE(fixture.runtime->reports().size() == 1);
    CHECK(fixture.runtime->reports().front().find("'reader'") != std::string::npos);
  }
  SECTION("after the host has waited") {
    event.synchronize();
    fixture.submit(Stream::compute, "reader", 0, 100, false);
    CHECK(fixture.runtime->reports().empty());
  }
}

TEST_CASE("nothing happens before somebody waits for it") {
  Fixture fixture;
  fixture.pinned.data()[0] = std::byte{1};
  fixture.runtime->copy_to_device(Stream::upload, fixture.device.data(), fixture.pinned.data(), 1);
  fixture.pinned.data()[0] = std::byte{2};  // too early: the copy has not read it yet
  fixture.runtime->synchronize(Stream::compute);
  CHECK(fixture.device.data()[0] == std::byte{0});
  fixture.runtime->synchronize(Stream::upload);
  CHECK(fixture.device.data()[0] == std::byte{2});
}

TEST_CASE("memory that is not the device's is reported") {
  Fixture fixture;
  std::array<std::byte, 16> ordinary{};
  const std::array<Access, 1> accesses = {Access{ordinary.data(), 16, false}};
  fixture.runtime->submit(Stream::compute, "reader", accesses, [] {});
  CHECK(fixture.runtime->reports().size() == 1);
  fixture.submit(Stream::compute, "beyond the end", 1000, 100, false);
  CHECK(fixture.runtime->reports().size() == 2);
  fixture.runtime->copy_to_device(Stream::upload, fixture.device.data(), ordinary.data(), 16);
  CHECK(fixture.runtime->reports().size() == 3);
}

TEST_CASE("a capture records and does nothing, a launch does it, an error forgets it") {
  Fixture fixture;
  const auto fill = [&] { fixture.runtime->fill(Stream::compute, fixture.device.data(), 7, 1); };
  const Graph graph(fixture.runtime, Stream::compute, fill);
  fixture.runtime->synchronize(Stream::compute);
  CHECK(fixture.device.data()[0] == std::byte{0});
  graph.launch(Stream::compute);
  fixture.runtime->synchronize(Stream::compute);
  CHECK(fixture.device.data()[0] == std::byte{7});
  CHECK_THROWS_AS(Graph(fixture.runtime, Stream::compute, [&] { fixture.runtime->allocate(16); }), Error);
  CHECK_THROWS_AS(Graph(fixture.runtime, Stream::compute, [&] { fixture.runtime->synchronize(Stream::compute); }),
                  Error);
  CHECK_NOTHROW(fixture.runtime->synchronize(Stream::compute));
}

TEST_CASE("small pieces come from few slabs and never overlap") {
  std::vector<std::vector<std::byte>> slabs;
  int released = 0;
  {
    SlabAllocator allocator(
        [&](std::int64_t bytes) { return slabs.emplace_back(static_cast<std::size_t>(bytes)).data(); },
        [&](std::byte*) { ++released; });
    CHECK(SlabAllocator::takes(SlabAllocator::largest_piece));
    CHECK_FALSE(SlabAllocator::takes(SlabAllocator::largest_piece + 1));
    std::vector<std::pair<std::byte*, std::int64_t>> pieces;
    for (const std::int64_t bytes : {0L, 1L, 255L, 256L, 257L, 1L << 20, 4L << 20, 4L << 20, 4L << 20, 4L << 20}) {
      std::byte* const data = allocator.allocate(bytes);
      for (const auto& [other, count] : pieces)
        CHECK((data + bytes <= other || other + count <= data));
      CHECK(std::none_of(pieces.begin(), pieces.end(), [&](const auto& piece) { return piece.first == data; }));
      pieces.emplace_back(data, bytes);
    }
    CHECK(allocator.slab_count() == 1);
    for (int i = 0; i < 5; ++i)
      pieces.emplace_back(allocator.allocate(4L << 20), 4L << 20);
    CHECK(allocator.slab_count() == 2);
    std::byte* const first = pieces.front().first;
    for (const auto& piece : pieces)
      allocator.release(piece.first);
    // Empty slabs are used again.
    CHECK(allocator.allocate(256) == first);
    CHECK(allocator.slab_count() == 2);
  }
  CHECK(released == 2);
}

}  // namespace sleight::test
