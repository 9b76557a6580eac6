// Anchors for a user's own boxes: k-means over their sizes, as the network sees them.
#include <cstdio>
#include <optional>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/base/text.h"
#include "engine/data/detector/anchors.h"
#include "engine/run/detector/box_sizes.h"
#include "engine/run/image_messages.h"
#include "models/detector.h"
#include "tools/common/run_tool.h"
#include "tools/detector/options.h"

namespace sleight {

namespace {

struct Options {
  std::string data;
  DetectorDataOptions boxes;
  std::string model = "yolov3";
  std::optional<std::int64_t> image_size, count;
  bool letterbox = false;
  AnchorOptions search;
};

int make_anchors(const Options& options) {
  const DetectorModel& model = find_detector(options.model);
  const std::vector<BoxSize> own_anchors = default_configuration(model)->anchors();
  AnchorOptions search = options.search;
  search.count = options.count.value_or(std::ssize(own_anchors));
  check(search.count >= 1, "the predictions of ", model.name, " start from no anchors; give --anchors, how many");
  const std::int64_t image_size = options.image_size.value_or(model.image_size);
  const std::string format = options.boxes.format_of(options.data);
  const DetectorDatasetOptions dataset = options.boxes.dataset_options(options.search.seed);
  const OpenedDetectorDataset opened = open_detector_dataset(options.data, format, DatasetSplit::training, dataset);
  // Painting scenes to learn their size would take most of the time.
  std::optional<ImageSize> known;
  if (format == synthetic_format) known = ImageSize{dataset.synthetic.height, dataset.synthetic.width};
  log_data(opened.found, *opened.dataset);
  const std::vector<BoxSize> boxes = box_sizes_at(*opened.dataset, image_size, options.letterbox, known);
  const AnchorSearch found = find_anchors(boxes, search);
  std::printf("%s of %s, at %lld x %lld pixels\n", count_of(std::ssize(boxes), "box", "boxes").c_str(),
              count_of(opened.dataset->size(), "image").c_str(), static_cast<long long>(image_size),
              static_cast<long long>(image_size));
  std::printf("%8s %8s %8s\n", "width", "height", "boxes");
  for (std::size_t i = 0; i < found.anchors.size(); ++i) {
    std::printf("%8.1f %8.1f %8lld\n", found.anchors[i].width, found.anchors[i].height,
                static_cast<long long>(found.boxes_of_anchor[i]));
  }
  std::printf("mean IoU with the best anchor: %.4f", found.mean_intersection_over_union);
  if (!own_anchors.empty())
    std::printf(" (the default anchors: %.4f)", mean_best_intersection_over_union(boxes, own_anchors));
  std::printf("\n");
  std::printf("anchors:");
  for (const BoxSize& anchor : found.anchors)
    std::printf(" %.1f,%.1f", anchor.width, anchor.height);
  std::printf("\n");
  return 0;
}

class MakeAnchors : public Tool {
 public:
  std::string description() const override {
    return "Find the anchors that fit the boxes of a training split best: k-means with the distance 1 - IoU.";
  }

  void declare(OptionList& options) override {
    options_.boxes.declare_training(options, options_.data).required();
    options.add("model", options_.model, "Detector that the anchors are for").unit("MODEL");
    options.add("image-size", options_.image_size, "Side of the network's input")
        .unit("PIXELS")
        .range(32, 4096)
        .default_text("the model's own");
    options.add("letterbox", options_.letterbox, "Images keep their aspect; off: stretched");
    options.add("anchors", options_.count, "How many")
        .unit("ANCHORS")
        .range(1, 1000)
        .default_text("as many as the model has");
    options.add("seed", options_.search.seed, "Of the search's random starts, and of generated scenes").unit("NUMBER");
    options.add("starts", options_.search.starts, "Searches, of which the best is kept")
        .unit("SEARCHES")
        .range(1, 10000);
  }

  int run() override { return make_anchors(options_); }

 private:
  Options options_;
};

const bool registered = register_tool<MakeAnchors>("make_anchors");

}  // namespace

}  // namespace sleight
