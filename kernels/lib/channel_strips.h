// For the CPU kernels that treat every channel alike: cuts a view into strips of at most 16 neighboring channels over
// a run of rows, so that per-channel numbers stay in registers while memory is read in order. One kind of loop then
// serves every layout:
//
//   channels last      a strip is 16 columns of a chunk of rows, rows are `channels` apart
//   blocked channels   a strip is a chunk of one channel block of one image, rows are `lanes` apart
//
// The cut depends on the view alone, never on the number of threads: sums over strips are the same on every machine.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "kernels/lib/activation_view.h"
#include "kernels/lib/types.h"

namespace sleight::kernels {

constexpr std::int64_t strip_lanes = 16;

// Calls function with the number of lanes: as a compile-time constant when it is a full strip, which is what lets the
// compiler keep a strip's numbers in vector registers.
template <class Function>
void with_lanes(std::int64_t lanes, Function&& function) {
  if (lanes == strip_lanes)
    function(std::integral_constant<std::int64_t, strip_lanes>{});
  else
    function(lanes);
}

// Calls function(first, lanes) for `count` neighboring values, a full strip at a time.
template <class Function>
void for_each_lane_group(std::int64_t count, Function&& function) {
  for (std::int64_t first = 0; first < count; first += strip_lanes)
    with_lanes(std::min(strip_lanes, count - first), [&](auto lanes) { function(first, lanes); });
}

struct ChannelStrip {
  std::int64_t offset;  // of the first value
  std::int64_t stride;  // from row to row
  std::int64_t rows;    // 1 or more
  std::int64_t first_channel;
  std::int64_t lanes;  // 1 to 16
};

class ChannelStrips {
 public:
  explicit ChannelStrips(const ActivationView& view)
      : view_(view),
        runs_(view.channels_last() ? 1 : view.batch * view.blocks),
        run_rows_(view.channels_last() ? view.rows() : view.pixels()),
        chunk_rows_(std::clamp<std::int64_t>(32768 / std::max<std::int64_t>(view.lanes, 1), 32, 512)),
        chunks_((run_rows_ + chunk_rows_ - 1) / chunk_rows_),
        groups_((view.lanes + strip_lanes - 1) / strip_lanes) {}

  std::int64_t count() const { return runs_ * chunks_ * groups_; }

  ChannelStrip operator[](std::int64_t index) const {
    const std::int64_t group = index % groups_;
    const std::int64_t chunk = index / groups_ % chunks_;
    const std::int64_t run = index / groups_ / chunks_;
    const std::int64_t lane = group * strip_lanes;
    const std::int64_t row = chunk * chunk_rows_;
    return {(run * run_rows_ + row) * view_.lanes + lane, view_.lanes, std::min(chunk_rows_, run_rows_ - row),
            run % view_.blocks * view_.lanes + lane, std::min(strip_lanes, view_.lanes - lane)};
  }

  // body(strip, lanes, index), in parallel.
  template <class Body>
  void for_each(Body&& body) const {
    const std::int64_t strips = count();
#pragma omp parallel for schedule(static)
    for (std::int64_t index = 0; index < strips; ++index) {
      const ChannelStrip strip = (*this)[index];
      with_lanes(strip.lanes, [&](auto lanes) { body(strip, lanes, index); });
    }
  }

  // Sums per channel. Every strip left `sums` times strip_lanes partial sums in `partial`, strip after strip; they are
  // added in the order of the strips, and given to finish(channel, total[sums]).
  template <std::int64_t sums, class Finish>
  void combine(const double* partial, Finish&& finish) const {
    const std::int64_t channel_groups = view_.blocks * groups_;
    const std::int64_t images = runs_ / view_.blocks;
#pragma omp parallel for schedule(static)
    for (std::int64_t channel_group = 0; channel_group < channel_groups; ++channel_group) {
      const std::int64_t block = channel_group / groups_;
      const std::int64_t group = channel_group % groups_;
      double total[sums * strip_lanes] = {};
      for (std::int64_t image = 0; image < images; ++image)
        for (std::int64_t chunk = 0; chunk < chunks_; ++chunk) {
          const std::int64_t index = ((image * view_.blocks + block) * chunks_ + chunk) * groups_ + group;
          const double* strip = partial + index * sums * strip_lanes;
#pragma omp simd
          for (std::int64_t i = 0; i < sums * strip_lanes; ++i)
            total[i] += strip[i];
        }
      const std::int64_t lane = group * strip_lanes;
      const std::int64_t lanes = std::min(strip_lanes, view_.lanes - lane);
      for (std::int64_t i = 0; i < lanes; ++i) {
        double of_channel[sums];
        for (std::int64_t sum = 0; sum < sums; ++sum)
          of_channel[sum] = total[sum * strip_lanes + i];
        finish(block * view_.lanes + lane + i, of_channel);
      }
    }
  }

  static std::int64_t workspace_bytes(const ActivationView& view, std::int64_t sums) {
    return ChannelStrips(view).count() * sums * strip_lanes * static_cast<std::int64_t>(sizeof(double));
  }

 private:
  ActivationView view_;
  std::int64_t runs_;
  std::int64_t run_rows_;
  std::int64_t chunk_rows_;
  std::int64_t chunks_;
  std::int64_t groups_;
};

}  // namespace sleight::kernels
