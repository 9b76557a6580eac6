// How folders and lists of splits are named in the wild.
#include "engine/data/files/split_names.h"

#include "catch2_adapter.h"

using namespace sleight;

TEST_CASE("splits are known by their names, with a year or a word like set behind them") {
  for (const char* name : {"train", "Training", "train2017", "train_2012", "training_set", "trainset", "train-images"})
    CHECK(split_named(name) == "train");
  for (const char* name : {"val", "valid", "Validation", "val2017", "dev", "eval", "validation_data"})
    CHECK(split_named(name) == "val");
  for (const char* name : {"test", "Testing", "test_set", "test2015"})
    CHECK(split_named(name) == "test");
  for (const char* name : {"", "set", "images", "2017", "trains", "latest", "train2", "seg_train", "test_tube"})
    CHECK(split_named(name).empty());
}

TEST_CASE("a folder that is called after a split among other words mentions it") {
  for (const char* name : {"seg_train", "Test Images 2", "my-val-part", "train"})
    CHECK(mentions_split(name));
  for (const char* name : {"", "latest", "trains", "validity", "cat"})
    CHECK_FALSE(mentions_split(name));
}
