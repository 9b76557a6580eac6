// Parts that are held out for evaluation: every image with its own boxes, ids and classes.
#include "catch2_adapter.h"
#include "dataset_files.h"

using namespace sleight;
using namespace sleight::test;

TEST_CASE("held-out images keep their boxes, ids and classes, and of rare classes a part is held out too") {
  constexpr int count = 36;
  std::string images, annotations;
  const auto add_object = [&](int image, int category) {
    annotations += (annotations.empty() ? "" : ", ") + std::string("{\"image_id\": ") + std::to_string(100 + image) +
                   ", \"category_id\": " + std::to_string(category) + ", \"bbox\": [" + std::to_string(image % 10) +
                   ", 1, 10, " + std::to_string(1 + image / 2) + "]}";
  };
  Files files;
  for (int i = 0; i < count; ++i) {
    const std::string name = std::to_string(i) + ".jpg";
    files[name] = jpeg_of_size(30, 40);
    images += (i == 0 ? "" : ", ") + std::string("{\"file_name\": \"") + name +
              "\", \"id\": " + std::to_string(100 + i) + "}";
    // Cats and birds are on images of dogs, before the dog and behind it.
    if (i % 6 == 5) add_object(i, 5);
    add_object(i, 7);
    if (i % 6 == 3) add_object(i, 6);
  }
  files["all.json"] =
      bytes_of("{\"images\": [" + images + "], \"annotations\": [" + annotations + "], \"categories\": [" +
               R"({"id": 5, "name": "cat"}, {"id": 6, "name": "bird"}, {"id": 7, "name": "dog"}]})");
  TemporaryFolder folder;
  write_files(folder.path(), files);
  DetectorDatasetOptions half;
  half.validation_share = 0.5;
  const auto pair = open_detector_datasets(folder.path().string(), "coco", half);
  for (const auto* opened : {&pair.training, &pair.evaluation}) {
    REQUIRE(opened->dataset->size() == count / 2);
    CHECK(opened->ids.classes == std::map<std::int64_t, std::int32_t>{{5, 0}, {6, 1}, {7, 2}});
    std::vector<int> of_class(3);
    for (std::int64_t i = 0; i < opened->dataset->size(); ++i) {
      const auto number = static_cast<int>(opened->ids.images[static_cast<std::size_t>(i)]) - 100;
      CHECK(opened->dataset->name(i) == (folder / (std::to_string(number) + ".jpg")).string());
      const std::vector<ObjectBox> objects = objects_of(*opened, i);
      REQUIRE(objects.size() == (number % 6 == 3 || number % 6 == 5 ? 2U : 1U));
      for (const ObjectBox& object : objects) {
        ++of_class[static_cast<std::size_t>(object.class_index)];
        CHECK(object.box.left == number % 10);
        CHECK(object.box.bottom == std::min(2 + number / 2, 30));
      }
    }
    CHECK(of_class == std::vector<int>{3, 3, 18});
  }
}
