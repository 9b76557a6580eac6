// A report's worth of made-up data, so that the page can be tested, and looked at, without training anything.
#pragma once

#include "engine/report/report.h"

namespace sleight {

// Ten classes, ten epochs, images, confusions: every section has something to show.
ReportData example_report();

}  // namespace sleight
