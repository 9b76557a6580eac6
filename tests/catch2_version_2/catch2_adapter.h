// Catch2 2.x, as Debian 12 ships it. Tests include "catch2_adapter.h" and use what both versions share.
#pragma once
#include <catch2/catch.hpp>
