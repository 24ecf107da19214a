#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace edgefuse::sim {

/// A matrix from a NumPy .npy file (format versions 1 to 3; numpy.lib.format), in C or Fortran order, of float64,
/// float32, uint8 or bool. The values stay as the file has them and are converted one by one.
class NpyMatrix {
 public:
  /// Throws InputError for a file that cannot be read, is none of that kind, or does not hold what its header says.
  explicit NpyMatrix(const std::filesystem::path& file);

  [[nodiscard]] std::size_t rows() const { return rows_; }        // at least one
  [[nodiscard]] std::size_t columns() const { return columns_; }  // at least one
  [[nodiscard]] double at(std::size_t row, std::size_t column) const;

 private:
  void read_header(const std::string& header, const std::string& file);

  std::string bytes_;           // of the file
  std::size_t data_{};          // where the values begin
  std::size_t width_{};         // bytes of a value: 8 and 4 are floating-point numbers, 1 is a whole one
  bool columns_first_ = false;  // Fortran order: a column lies in one piece
  std::size_t rows_ = 0;
  std::size_t columns_ = 0;
};

}  // namespace edgefuse::sim
