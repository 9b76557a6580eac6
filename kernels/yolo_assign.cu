#include "kernels/lib/launch.h"
#include "kernels/lib/pack.h"
#include "kernels/yolo_assign.h"

namespace sleight::kernels {

namespace {

__global__ void yolo_assign_kernel(YoloAssign arguments) {
  const std::int64_t object = thread_in_grid();
  if (object < arguments.objects) arguments.best_anchor[object] = best_anchor_of(arguments, object);
}

}  // namespace

void yolo_assign(Target target, const YoloAssign& arguments) {
  check_arguments(arguments);
  constexpr unsigned threads = 128;
  launch(target, "yolo_assign", yolo_assign_kernel, {dim3(blocks_for(arguments.objects, threads)), dim3(threads)},
         arguments);
}

}  // namespace sleight::kernels
