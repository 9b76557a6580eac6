// Catch2 3.x. Tests include "catch2_adapter.h" and use what both versions share.
#pragma once
#include <catch2/catch_all.hpp>
using Catch::Approx;
