#include "app/run/provenance.hpp"

#include <chrono>
#include <ctime>
#include <fstream>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/version.h>

namespace edgefuse::app {
namespace {

std::string cpu_model() {
  std::ifstream cpuinfo{"/proc/cpuinfo"};
  for (std::string line; std::getline(cpuinfo, line);) {
    const auto colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

}  // namespace

results::Provenance start_provenance(const scenarios::Scenario& scenario, const Arguments& arguments,
                                     unsigned threads) {
  return {.edgefuse_version = EDGEFUSE_VERSION,
          .git = EDGEFUSE_GIT,
          .compiler = "g++ " __VERSION__,
          .libtorch_version = TORCH_VERSION,
          .cpu = cpu_model(),
          .threads = threads,
          .started = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr))),
          .wall_time = {},
          .scenario_file = scenario.source.file,
          .command = fmt::format("edgefuse run {}", fmt::join(arguments, " "))};
}

}  // namespace edgefuse::app
