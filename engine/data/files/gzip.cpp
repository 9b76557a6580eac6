#include "engine/data/files/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <cstdint>

#include "engine/base/error.h"

namespace sleight {

namespace {

// zlib's state, released on every exit.
struct InflateStream {
  z_stream stream{};

  InflateStream() {
    // 15 bits of window; 16 more: expect gzip's header and checksum.
    check(inflateInit2(&stream, 15 + 16) == Z_OK, "cannot start to decompress: out of memory");
  }
  ~InflateStream() { inflateEnd(&stream); }
  InflateStream(const InflateStream&) = delete;
  InflateStream& operator=(const InflateStream&) = delete;
};

// The last four bytes hold the length of the last member modulo 2^32: a hint that saves reallocations, not to be
// trusted.
std::size_t stated_length(std::span<const std::byte> file) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < 4; ++i)
    length |= std::to_integer<std::size_t>(file[file.size() - 4 + i]) << (8 * i);
  return length;
}

}  // namespace

bool is_gzip(std::span<const std::byte> file) {
  return file.size() >= 18 && file[0] == std::byte{0x1f} && file[1] == std::byte{0x8b};
}

std::vector<std::byte> inflate_gzip(std::span<const std::byte> file, std::size_t maximum_bytes) {
  check(is_gzip(file), "not a gzip file");
  // Deflate compresses by at most a factor of 1,032.
  std::vector<std::byte> result(std::min({stated_length(file) + 1, maximum_bytes, file.size() * 1032}));
  std::size_t done = 0;
  InflateStream inflater;
  z_stream& stream = inflater.stream;
  std::span<const std::byte> input = file;
  constexpr std::size_t most_at_once = std::size_t{1} << 30;  // zlib counts in 32 bits
  while (true) {
    if (done == result.size()) {
      check(done < maximum_bytes, "the archive inflates to more than the limit of ", maximum_bytes,
            " bytes. Unpack it into a folder and give that");
      result.resize(std::min(maximum_bytes, std::max(std::size_t{1} << 16, done + done / 2)));
    }
    const std::size_t input_given = std::min(input.size(), most_at_once);
    const std::size_t output_given = std::min(result.size() - done, most_at_once);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(input.data()));
    stream.avail_in = static_cast<uInt>(input_given);
    stream.next_out = reinterpret_cast<Bytef*>(result.data() + done);
    stream.avail_out = static_cast<uInt>(output_given);
    const int status = inflate(&stream, Z_NO_FLUSH);
    input = input.subspan(input_given - stream.avail_in);
    done += output_given - stream.avail_out;
    if (status == Z_STREAM_END) {
      // Another member may follow. Zeros or other bytes after the last one are padding, as for gzip itself.
      if (!is_gzip(input)) break;
      check(inflateReset(&stream) == Z_OK, "cannot continue to decompress");
      continue;
    }
    check(status == Z_OK || status == Z_BUF_ERROR, "the gzip file is damaged after ", done,
          " inflated bytes: ", stream.msg != nullptr ? stream.msg : "unknown reason");
    check(!input.empty() || done == result.size(), "the gzip file is cut short: it ends after ", file.size(),
          " bytes, ", done, " inflated. Get the whole archive");
  }
  result.resize(done);
  return result;
}

}  // namespace sleight
