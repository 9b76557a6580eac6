#include "tests/report/report_example.h"

#include <cmath>
#include <numbers>
#include <random>

#include "engine/image/image_writer.h"
#include "engine/report/canvas.h"

namespace sleight {

namespace {

constexpr int classes = 10;
constexpr int epochs = 10;
constexpr int steps_per_epoch = 391;

// A tilted shape on a gradient; every kind looks a little different.
std::vector<std::byte> example_image(int kind, std::mt19937& random) {
  constexpr int size = 32;
  Canvas canvas(size, size, {});
  std::uniform_int_distribution<int> byte(0, 255);
  const int hue = byte(random);
  const double radius = 6 + byte(random) % 6;
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x) {
      const double distance = kind % 2 == 0 ? std::hypot(x - 16, y - 16) : std::abs(x - 16) + 0.7 * std::abs(y - 16);
      const bool is_inside = distance < radius;
      const int shade = 4 * y + byte(random) / 6;
      canvas.fill_rectangle(x, y, 1, 1,
                            {static_cast<std::uint8_t>(is_inside ? 255 - shade : shade / 2 + hue / 4),
                             static_cast<std::uint8_t>(is_inside ? hue / 2 + 25 * kind / 2 : shade),
                             static_cast<std::uint8_t>(is_inside ? 30 * (kind % 4) + 40 : 120 - shade / 3)});
    }
  }
  return encode_png(canvas.image().view());
}

std::vector<MetricsLine> example_metrics(std::mt19937& random) {
  std::normal_distribution<double> noise(0, 1);
  std::vector<MetricsLine> metrics;
  const int steps = epochs * steps_per_epoch;
  for (int step = 10; step <= steps; ++step) {
    const double epoch = static_cast<double>(step) / steps_per_epoch;
    const double rate = epoch < 1 ? 0.1 * epoch : 0.05 * (1 + std::cos(std::numbers::pi * (epoch - 1) / (epochs - 1)));
    const double progress = 1 - std::exp(-epoch / 3.2);
    if (step % 10 == 0) {
      const double loss = 2.3 - 1.75 * progress + noise(random) * 0.07;
      metrics.push_back({step,
                         epoch,
                         28.9 * epoch,
                         {{std::string(metric_names::train_loss), loss},
                          {std::string(metric_names::train_top1), 0.1 + 0.78 * progress + noise(random) * 0.02},
                          {std::string(metric_names::learning_rate), rate},
                          {std::string(metric_names::images_per_second), 1735 + noise(random) * 24}}});
    }
    if (step % steps_per_epoch == 0) {
      const double top1 = 0.12 + 0.76 * progress + noise(random) * 0.08 * rate * 10 - 0.02;
      metrics.push_back({step,
                         epoch,
                         28.9 * epoch,
                         {{std::string(metric_names::validation_loss), 2.2 * std::pow(1 - top1, 0.85) + 0.09},
                          {std::string(metric_names::validation_top1), top1},
                          {std::string(metric_names::validation_top5), 1 - std::pow(1 - top1, 2.4)},
                          {std::string(metric_names::ema_loss), 2.15 - 1.68 * progress},
                          {std::string(metric_names::ema_top1), 0.13 + 0.765 * progress},
                          {std::string(metric_names::ema_top5), 1 - std::pow(0.87 - 0.765 * progress, 2.4)}}});
    }
  }
  return metrics;
}

}  // namespace

ReportData example_report() {
  std::mt19937 random(7);
  ReportData data;
  data.title = "cifar_resnet20 on CIFAR-10";
  data.status = "example data, 10 of 10 epochs, finished";
  data.recipe = {{"data", "data/cifar-10-batches-bin"},
                 {"model", "cifar_resnet20"},
                 {"epochs", "10"},
                 {"batch size", "128"},
                 {"learning rate", "0.1"},
                 {"schedule", "cosine, 1 epoch of warm-up"},
                 {"momentum", "0.9, Nesterov"},
                 {"weight decay", "0.0005"},
                 {"mixup", "0.2"},
                 {"label smoothing", "0.1, eps/(K-1)"},
                 {"EMA", "0.999"},
                 {"zero gamma", "yes"},
                 {"no bias decay", "yes"},
                 {"device", "cpu, 2 threads"},
                 {"seed", "1"},
                 {"parameters", "272,474"}};
  data.receipts = {{"mixup", "50,048 images mixed per epoch, mean lambda 0.499"},
                   {"label smoothing", "500,480 targets smoothed by 0.1"},
                   {"zero gamma", "9 residual branches begin at 0"},
                   {"no bias decay", "41 of 63 parameters without decay"},
                   {"EMA of weights", "3,910 updates with decay 0.999"}};
  data.metrics = example_metrics(random);
  data.class_names = {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};
  data.confusion.assign(classes * classes, 0);
  for (int row = 0; row < classes; ++row) {
    std::int64_t left = 1000;
    for (int column = 0; column < classes; ++column) {
      const bool is_vehicle_row = row < 2 || row > 7;
      const bool is_vehicle_column = column < 2 || column > 7;
      if (column == row) continue;
      const std::int64_t count = static_cast<std::int64_t>(random() % (is_vehicle_row == is_vehicle_column ? 30 : 8)) +
                                 (row + column == 8 && row * column == 15 ? 90 : 0);
      data.confusion[static_cast<std::size_t>(row * classes + column)] = count;
      left -= count;
    }
    data.confusion[static_cast<std::size_t>(row * classes + row)] = left;
  }
  for (int i = 0; i < 16; ++i) {
    const auto truth = static_cast<std::size_t>(i * 7 % classes);
    const std::size_t said = i % 6 == 4 ? (truth + 3) % classes : truth;
    data.predictions.push_back({example_image(static_cast<int>(truth), random), data.class_names[truth],
                                data.class_names[said], said == truth ? 0.97 - 0.02 * i : 0.45 + 0.01 * i});
  }
  data.peak_memory_bytes = 611LL << 20U;
  return data;
}

}  // namespace sleight
