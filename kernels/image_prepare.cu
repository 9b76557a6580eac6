#include <algorithm>

#include "kernels/image_prepare.h"
#include "kernels/lib/image_blend.h"
#include "kernels/lib/launch.h"
#include "kernels/lib/pack.h"

namespace sleight::kernels {

namespace {

// One block per row of pixels. A row of the output goes out in packs; the bytes come in one by one, because a mirrored
// pixel keeps the order of its three bytes and fits no wide load. Neighboring threads read neighboring bytes, so each
// cache line still comes from memory once.
template <class T, int Channels>
__global__ void image_prepare_kernel(ImagePrepare a) {
  constexpr int lanes = pack_lanes<T>;
  // No more rows than blocks, so 32 bits are enough for the division.
  const std::int64_t n = blockIdx.x / static_cast<unsigned>(a.height);
  const std::int64_t h = blockIdx.x % static_cast<unsigned>(a.height);
  const int width = static_cast<int>(a.width);
  const std::int64_t partner = a.partner != nullptr ? a.partner[n] : n;
  const bool partner_exists = partner >= 0 && partner < a.batch;
  const float lambda = a.partner != nullptr ? a.lambda[n] : 1.0F;
  const bool mixed = partner_exists && lambda != 1.0F;
  const bool flip = a.flip != nullptr && a.flip[n] != 0;
  const bool partner_flip = mixed && a.flip != nullptr && a.flip[partner] != 0;
  const std::uint8_t* const row = a.images + (n * a.height + h) * a.width * 3;
  const std::uint8_t* const partner_row = a.images + ((mixed ? partner : n) * a.height + h) * a.width * 3;
  T* const out = static_cast<T*>(a.out) + (n * a.height + h) * a.width * Channels;
  const float inverse_deviation[3] = {1.0F / a.deviation[0], 1.0F / a.deviation[1], 1.0F / a.deviation[2]};

  for_each_pack_in_block<lanes>(a.width * Channels, [&](std::int64_t first, int valid) {
    Lanes<lanes> values;
    for (int i = 0; i < lanes; ++i) {
      const int element = static_cast<int>(first) + i;
      const int w = element / Channels;
      const int c = element % Channels;
      values[i] = 0.0F;
      if (i >= valid || c >= 3) continue;
      float value = static_cast<float>(row[(flip ? width - 1 - w : w) * 3 + c]);
      if (mixed) {
        const float other = static_cast<float>(partner_row[(partner_flip ? width - 1 - w : w) * 3 + c]);
        value = blended(value, other, lambda);
      }
      values[i] = partner_exists ? normalized(value, of_color(a.mean, c), of_color(inverse_deviation, c)) : NAN;
    }
    store_lanes(out + first, values, valid);
  });
}

template <class T, int Channels>
void start(Target target, const ImagePrepare& a) {
  const std::int64_t packs = (a.width * Channels + pack_lanes<T> - 1) / pack_lanes<T>;
  const unsigned threads = static_cast<unsigned>(std::clamp<std::int64_t>((packs + 31) / 32 * 32, 32, 256));
  const LaunchShape shape{dim3(blocks_for(a.batch * a.height, 1)), dim3(threads)};
  launch(target, "image_prepare", image_prepare_kernel<T, Channels>, shape, a);
}

}  // namespace

void image_prepare(Target target, const ImagePrepare& a) {
  check_arguments(a);
  visit_gpu_type(a.type, [&]<class T>(TypeTag<T>) {
    visit_channels(a.channels, [&](auto channels) { start<T, channels.value>(target, a); });
  });
}

}  // namespace sleight::kernels
