#pragma once

// Columns as HDF5 datasets. Internal to results/.

#include <string>
#include <string_view>
#include <vector>

#include "results/columns.hpp"
#include "results/hdf5_internal.hpp"

namespace edgefuse::results {

struct ColumnInfo {
  std::string path;
  ColumnType type = ColumnType::number;
  std::string_view unit;
  std::string_view meaning;
  std::vector<std::string> labels;  // of a label column
};

/// An empty, extensible dataset with its unit and meaning as attributes.
void create_column(hid_t file, const ColumnInfo& column);
void append_to_column(hid_t file, const std::string& path, const ColumnData& values);
/// Which of the four types a dataset has. Throws hdf5::Error when it is missing or has none of them.
[[nodiscard]] ColumnType stored_type(hid_t file, const std::string& path);
/// A single value counts as a column of one. Throws hdf5::Error when the dataset is missing or of another type.
[[nodiscard]] ColumnData read_column(hid_t file, const std::string& path, ColumnType type);
[[nodiscard]] std::vector<std::string> read_labels(hid_t file, const std::string& path);

}  // namespace edgefuse::results
