// The registry: names, suggestions, hints.
#include "models/classifier.h"

#include <algorithm>
#include <set>

#include "catch2_adapter.h"
#include "tests/base/error_message.h"

namespace sleight {

TEST_CASE("classifier: all depths and versions are there under unique names") {
  const std::vector<std::string> names = classifier_names();
  CHECK(std::set<std::string>(names.begin(), names.end()).size() == names.size());
  std::vector<std::string> expected;
  for (const std::string depth : {"18", "34", "50", "101", "152"}) {
    for (const std::string version : {"", "_v1", "_v1b", "_v1c", "_v1d", "_v2"})
      expected.push_back("resnet" + depth + version);
  }
  for (const std::string depth : {"20", "32", "44", "56", "110"}) {
    for (const std::string version : {"", "_v1", "_v2"})
      expected.push_back("cifar_resnet" + depth + version);
  }
  expected.push_back("darknet53");
  expected.push_back("darknet_small");
  CHECK(names == expected);
}

TEST_CASE("classifier: a model is found with its image size and family") {
  const ClassifierModel& large = find_classifier("resnet50_v1d");
  CHECK(large.name == "resnet50_v1d");
  CHECK(large.image_size == 224);
  CHECK(large.family == ClassifierFamily::imagenet);
  const ClassifierModel& small = find_classifier("cifar_resnet56_v2");
  CHECK(small.image_size == 32);
  CHECK(small.family == ClassifierFamily::cifar);
}

TEST_CASE("classifier: an unknown name is answered with the nearest and with all") {
  const auto message_for = [](const std::string& name) { return error_message([&] { find_classifier(name); }); };
  CHECK(contains(message_for("resnet50_1d"), "'resnet50_1d'; did you mean 'resnet50_v1d'?"));
  CHECK(contains(message_for("restnet101"), "did you mean 'resnet101'?"));
  CHECK(contains(message_for("cifar-resnet20"), "did you mean 'cifar_resnet20'?"));
  CHECK(contains(message_for("Resnet34_v2"), "did you mean 'resnet34_v2'?"));
  const std::string message = message_for("");
  CHECK(contains(message, "did you mean 'resnet"));
  for (const std::string& name : classifier_names())
    CHECK(contains(message, name));
}

}  // namespace sleight
