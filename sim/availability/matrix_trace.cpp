#include <algorithm>
#include <cmath>
#include <string>

#include <fmt/format.h>

#include "sim/availability/device_traces.hpp"
#include "sim/availability/npy_matrix.hpp"
#include "sim/availability/ticks.hpp"
#include "sim/error.hpp"

namespace edgefuse::sim {
namespace {

void check_values(const NpyMatrix& matrix, const std::string& file) {
  std::size_t wrong = 0;
  std::string first;
  for (std::size_t row = 0; row < matrix.rows(); ++row) {
    for (std::size_t column = 0; column < matrix.columns(); ++column) {
      const double x = matrix.at(row, column);
      if (std::isnan(x) || x == 0 || x == 1) continue;
      if (++wrong == 1) first = fmt::format("row {}, column {} (from 0) is {}", row, column, x);
    }
  }
  if (wrong == 0) return;
  if (wrong > 1) first += fmt::format(", and so are {} other cells,", wrong - 1);
  throw InputError{{.file = file,
                    .problem = fmt::format("{} not 0, 1 or NaN", first),
                    .remedy = "give 1 where the device is there, 0 where it is away, NaN where nobody knows"}};
}

/// How many rows count.
std::size_t rows_used(const NpyMatrix& matrix, std::int64_t step, std::int64_t length, const std::string& file) {
  const auto refuse = [&](std::string problem, std::string remedy) {
    throw InputError{{.file = file, .key = "length", .problem = std::move(problem), .remedy = std::move(remedy)}};
  };
  const auto most = static_cast<std::size_t>(longest_cycle / step);
  if (length % step != 0)
    refuse("is no whole number of steps", "give a multiple of the step, or 0 for the whole trace");
  const auto rows = length > 0 ? static_cast<std::size_t>(length / step) : matrix.rows();
  if (rows > matrix.rows())
    refuse(fmt::format("is {} steps, and the trace has {}", rows, matrix.rows()),
           "give less, or 0 for the whole trace");
  if (rows > most) refuse("passes a million hours", "give less");
  return rows;
}

Cycle cycle_of(const NpyMatrix& matrix, std::size_t device, std::size_t rows, std::int64_t step, Unknown unknown) {
  double known = 0;
  for (std::size_t row = 0; row < rows && unknown == Unknown::hold; ++row)
    if (!std::isnan(matrix.at(row, device))) known = matrix.at(row, device);
  std::vector<Stay> stays;
  for (std::size_t row = 0; row < rows; ++row) {
    const double x = matrix.at(row, device);
    if (!std::isnan(x)) known = x;
    const bool there = std::isnan(x) && unknown == Unknown::away ? false : known == 1;
    const auto from = static_cast<std::int64_t>(row) * step;
    if (there && !stays.empty() && stays.back().to == from)
      stays.back().to += step;
    else if (there)
      stays.push_back({from, from + step});
  }
  return Cycle{static_cast<std::int64_t>(rows) * step, stays};
}

}  // namespace

DeviceTraces read_matrix_trace(const std::filesystem::path& file, Seconds step, Unknown unknown, Seconds length) {
  const NpyMatrix matrix{file};
  check_values(matrix, file.string());
  DeviceTraces traces{.devices = {}, .step = ticks(step)};
  const auto rows = rows_used(matrix, traces.step, ticks(length), file.string());
  traces.devices.reserve(matrix.columns());
  for (std::size_t device = 0; device < matrix.columns(); ++device)
    traces.devices.push_back(cycle_of(matrix, device, rows, traces.step, unknown));
  refuse_deserted(traces, file);
  return traces;
}

}  // namespace edgefuse::sim
