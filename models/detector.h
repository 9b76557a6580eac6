// The detectors that can be requested by name, and the interface of a family of detectors. A family is its own files in
// models/ (yolov3_family.h) and one line in detector.cpp; the tools know none by name.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/copied.h"
#include "engine/base/options.h"
#include "engine/data/detector/anchors.h"
#include "engine/train/detector_head.h"

namespace sleight {

struct DetectorModel {
  std::string name;
  std::string family = {};  // its family's name; registration fills it in
  // The side in pixels of the images that it was designed for. Other multiples of size_multiple, square or not, work
  // too.
  std::int64_t image_size = 0;
  std::int64_t size_multiple = 1;
  // Traces the backbone alone, with the same parameter names and order as in the whole network. Empty: a classifier's
  // weights fit no part of this network.
  std::function<void(Tracer& trace, ValueId images)> trace_backbone = {};
  // If darknet's weight files fit the network: how many of its convolutions, counted from the first, form the backbone.
  std::optional<std::int64_t> darknet_backbone = {};
};

// The settings of a family's detectors and the decisions made from them: the flags of the training program, the entries
// in the metadata of weights, and the network that follows from both. Call order: declare() and the flags that the user
// gave, resolve(), then either fit() (a training) or read() (weights), then the rest.
class DetectorConfiguration {
 public:
  virtual ~DetectorConfiguration() = default;
  virtual std::unique_ptr<DetectorConfiguration> clone() const = 0;

  // Declares the flags. Their variables are std::optional and empty until the user gives a value, so that a flag of one
  // family is refused for a model of another. Their names are unique over all families.
  virtual void declare(OptionList& options) = 0;
  // Fills in the missing flags for one of the family's models, so that the recipe file holds them. Throws Error naming
  // the flag for invalid values.
  virtual void resolve(const DetectorModel& model) = 0;

  // Whether fit() must be called with the boxes of the training data, in pixels of images of the training size.
  virtual bool needs_boxes() const { return false; }
  // Decides what depends on the boxes; the recipe records it like all other settings. The same boxes in the same order
  // and the same seed give the same result.
  virtual void fit(std::span<const BoxSize>, std::uint64_t) {}

  // Lines for the head of the log.
  virtual std::vector<std::string> description() const { return {}; }
  // The boxes from which predictions start, in pixels, smallest first; empty in a family without them.
  virtual std::vector<BoxSize> anchors() const { return {}; }

  // Writes and reads the entries in the metadata that later use of the weights needs. read() throws Error for missing
  // or damaged entries.
  using Metadata = std::map<std::string, std::string>;
  virtual void write(Metadata& metadata) const = 0;
  virtual void read(const Metadata& metadata) = 0;

  virtual std::unique_ptr<DetectorHead> trace(Tracer& trace, ValueId images, std::int64_t classes) const = 0;
};

struct DetectorFamily {
  std::string name;  // "yolov3": "family" in the metadata of weights
  std::vector<DetectorModel> models;
  // A configuration before any decision.
  std::function<std::unique_ptr<DetectorConfiguration>()> configuration;
  // A metadata key that identified the family's weights before weights named a family. Empty: none.
  std::string former_key = {};
};

// Registers a family, in addition to the product's own, for the lifetime of this object, which must outlast all use of
// its models. Use from one thread.
class RegisteredDetectorFamily {
 public:
  // Throws Error if the name of the family or of a model is taken.
  explicit RegisteredDetectorFamily(DetectorFamily family);
  ~RegisteredDetectorFamily();
  RegisteredDetectorFamily(const RegisteredDetectorFamily&) = delete;
  RegisteredDetectorFamily& operator=(const RegisteredDetectorFamily&) = delete;

 private:
  std::string name_;
};

// In the order in which help texts list them.
std::vector<const DetectorFamily*> detector_families();
std::vector<const DetectorModel*> detectors();
std::vector<std::string> detector_names();

// Throw Error that suggests the nearest name and lists all of them.
const DetectorModel& find_detector(std::string_view name);
const DetectorFamily& find_detector_family(std::string_view name);

// The family of weights with this metadata, named or older; "" for weights of no detector. A named family need not
// exist.
std::string detector_family_in(const DetectorConfiguration::Metadata& metadata);

// The model with its family's defaults, resolved.
Copied<DetectorConfiguration> default_configuration(const DetectorModel& model);
DetectorFunction function_of(const Copied<DetectorConfiguration>& configuration);

// In the order of the network: the parameters that a classifier on the same backbone shares with the detector. Throws
// Error if there is no such backbone.
std::vector<std::string> backbone_parameter_names(const DetectorModel& model);

// The flags of all families, for a program that receives the model and its flags together.
class DetectorConfigurations {
 public:
  DetectorConfigurations();

  void declare(OptionList& options);
  // The configuration of the model's family, resolved. Throws Error for a flag that belongs to another family.
  void resolve(const DetectorModel& model);

  Copied<DetectorConfiguration>& of(const DetectorModel& model);
  const Copied<DetectorConfiguration>& of(const DetectorModel& model) const;

 private:
  std::map<std::string, Copied<DetectorConfiguration>> of_families_;  // by name
};

}  // namespace sleight
