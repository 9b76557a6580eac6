// What a family of detectors says of itself: its models, their flags, what weights must say of them, and the networks.
// models/detector.h has those that can be asked for by name; any other program brings its own.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/copied.h"
#include "engine/base/options.h"
#include "engine/data/detector/anchors.h"
#include "engine/train/detector_head.h"

namespace sleight {

struct DetectorModel {
  std::string name;
  std::string family = {};  // its family's name; filled in when the family joins the list
  // Side in pixels of the images it was made for. Other multiples of size_multiple, not square ones too, work.
  std::int64_t image_size = 0;
  std::int64_t size_multiple = 1;
  // Traces the backbone alone, with the names and the order of parameters that they have in the whole network. Empty:
  // there is no backbone that weights of a classifier fit.
  std::function<void(Tracer& trace, ValueId images)> trace_backbone = {};
  // Where darknet's files of weights fit the network: how many of its convolutions, the first ones, are the backbone's.
  std::optional<std::int64_t> darknet_backbone = {};
};

// What can be set in a family's detectors, and what was decided: the flags of the training program, the entries in the
// metadata of weights, and from both the network. In this order: declare() and the flags that the user gave, resolve(),
// then either fit() (a training) or read() (weights), then the rest.
class DetectorConfiguration {
 public:
  virtual ~DetectorConfiguration() = default;
  virtual std::unique_ptr<DetectorConfiguration> clone() const = 0;

  // Flags. Their variables are std::optional and empty until the user gives a value: a flag of one family that is given
  // to a model of another is refused. Their names are unique over all families.
  virtual void declare(OptionList& options) = 0;
  // For one of the family's models: fills in what was not given, so that the recipe file holds it. Throws Error naming
  // the flag for values that make no sense.
  virtual void resolve(const DetectorModel& model) = 0;

  // Whether fit() is to be called with the boxes of the training data, in pixels of images of the training size.
  virtual bool needs_boxes() const { return false; }
  // Decides what depends on them, to be written into the recipe like everything else. The same boxes in the same order
  // and the same seed give the same.
  virtual void fit(std::span<const BoxSize>, std::uint64_t) {}

  // Lines for the head of the log.
  virtual std::vector<std::string> description() const { return {}; }
  // Of boxes that predictions start from, in pixels, smallest first; empty in a family without.
  virtual std::vector<BoxSize> anchors() const { return {}; }

  // To and from the metadata of weights: what using them needs. read() throws Error for entries that are missing or
  // damaged.
  using Metadata = std::map<std::string, std::string>;
  virtual void write(Metadata& metadata) const = 0;
  virtual void read(const Metadata& metadata) = 0;

  virtual std::unique_ptr<DetectorHead> trace(Tracer& trace, ValueId images, std::int64_t classes) const = 0;
};

struct DetectorFamily {
  std::string name;  // "yolov3": "family" in the metadata of weights
  std::vector<DetectorModel> models;
  // One of which nothing is decided yet.
  std::function<std::unique_ptr<DetectorConfiguration>()> configuration;
  // What told the family's weights apart before weights named a family: a key of their metadata. Empty: none.
  std::string former_key = {};
};

DetectorFunction function_of(const Copied<DetectorConfiguration>& configuration);

// In the order of the network. What a classifier on the same backbone shares with the detector. Throws Error where
// there is no such backbone.
std::vector<std::string> backbone_parameter_names(const DetectorModel& model);

// The flags of several families, for a program that is told the model and its flags at once.
class DetectorConfigurations {
 public:
  // The families must outlive it.
  explicit DetectorConfigurations(std::vector<const DetectorFamily*> families);

  // Of the same families, with nothing decided yet.
  DetectorConfigurations undecided() const { return DetectorConfigurations(families_); }
  // Of all of them, in their order.
  std::vector<const DetectorModel*> models() const;

  void declare(OptionList& options);
  // That of the model's family, resolved. Throws Error for a flag that belongs to another family.
  void resolve(const DetectorModel& model);

  // Throws Error for a model of none of the families.
  Copied<DetectorConfiguration>& of(const DetectorModel& model);
  const Copied<DetectorConfiguration>& of(const DetectorModel& model) const;

 private:
  std::vector<const DetectorFamily*> families_;
  std::map<std::string, Copied<DetectorConfiguration>> configurations_;  // by the name of the family
};

}  // namespace sleight
