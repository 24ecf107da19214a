#include <gtest/gtest.h>

#include <cmath>

#include "sim/availability/availability.hpp"
#include "sim/availability/npy_matrix.hpp"
#include "tests/sim/availability/at_hours.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::sim {
namespace {

constexpr const char* matrix_file = "data/traces-flash/availability_matrix_723dev_30min.npy";

/// Cells of the matrix by what they say; a pair is a known cell with the one after it.
struct Cells {
  double known = 0;
  double there = 0;
  double pairs_there = 0;  // known pairs that begin with "there"
  double stayed = 0;       // those of them that end with it
};

Cells count(const NpyMatrix& matrix) {
  Cells cells;
  for (std::size_t device = 0; device < matrix.columns(); ++device) {
    for (std::size_t step = 0; step < matrix.rows(); ++step) {
      const double x = matrix.at(step, device);
      cells.known += !std::isnan(x);
      cells.there += x == 1;
      if (x != 1 || step + 1 == matrix.rows() || std::isnan(matrix.at(step + 1, device))) continue;
      ++cells.pairs_there;
      cells.stayed += matrix.at(step + 1, device);
    }
  }
  return cells;
}

TEST(RealTrace, OfFlashIsThereInTheShareOfCellsItsAuthorsCounted) {
  EDGEFUSE_NEEDS_ASSET(matrix_file);
  const NpyMatrix matrix{edgefuse::testing::assets() / matrix_file};
  ASSERT_EQ(matrix.rows(), 241u);
  ASSERT_EQ(matrix.columns(), 723u);
  const auto cells = count(matrix);
  EXPECT_EQ(cells.known, 140'822);
  EXPECT_NEAR(cells.there / cells.known, 0.081187598528639, 1e-12) << "p_hat of availability_matrix_stats.json";
  // Read in the wrong order, neighbours would be of different devices, and one in ten would stay.
  EXPECT_GT(cells.stayed / cells.pairs_there, 0.7);
}

TEST(RealTrace, OfFlashMakesClientsThatAreThereAsOftenAsItsDevices) {
  EDGEFUSE_NEEDS_ASSET(matrix_file);
  const auto file = (edgefuse::testing::assets() / matrix_file).string();
  const auto model = availabilities().make("trace", {{"path", file}, {"length", 120.0}});
  constexpr std::uint32_t clients = 50'000;
  double there = 0;
  double never = 0;
  for (std::uint32_t client = 0; client < clients; ++client) {
    const auto now = model->presence(1, client, at_hours(1234.25));
    there += now.there;
    never += now == Presence{false, SimTime::never()};
  }
  const NpyMatrix matrix{file};
  double cells = 0;
  double deserted = 0;
  for (std::size_t device = 0; device < matrix.columns(); ++device) {
    double steps = 0;
    for (std::size_t step = 0; step < 240; ++step)
      steps += matrix.at(step, device) == 1;
    cells += steps;
    deserted += steps == 0;
  }
  const double share = cells / (240 * 723);
  EXPECT_NEAR(there / clients, share, 5 * std::sqrt(share * (1 - share) / clients));
  const double q = deserted / 723;
  EXPECT_NEAR(never / clients, q, 5 * std::sqrt(q * (1 - q) / clients)) << "devices that never come";
}

}  // namespace
}  // namespace edgefuse::sim
