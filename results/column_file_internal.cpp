#include "results/column_file_internal.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace edgefuse::results {
namespace {

using hdf5::check;
using hdf5::Handle;

constexpr hsize_t rows_per_chunk = 1024;

Handle file_type_of(const ColumnInfo& column) {
  switch (column.type) {
    case ColumnType::integer:
      return {H5Tcopy(H5T_STD_I64LE), H5Tclose, column.path};
    case ColumnType::number:
      return {H5Tcopy(H5T_IEEE_F64LE), H5Tclose, column.path};
    case ColumnType::text:
      return hdf5::text_type();
    case ColumnType::label:
      return hdf5::label_type(column.labels);
  }
  throw hdf5::Error{"no such type of column"};
}

Handle open_column(hid_t file, const std::string& path) {
  return {H5Dopen2(file, path.c_str(), H5P_DEFAULT), H5Dclose, fmt::format("{} is missing", path)};
}

hsize_t length_of(hid_t set, const std::string& path) {
  const Handle space{H5Dget_space(set), H5Sclose, path};
  if (H5Sget_simple_extent_ndims(space.id()) > 1) throw hdf5::Error{fmt::format("{} is no column", path)};
  const auto length = H5Sget_simple_extent_npoints(space.id());
  if (length < 0) throw hdf5::Error{fmt::format("{} has no length", path)};
  return static_cast<hsize_t>(length);
}

/// The classes that stand for integer, number, text and label in a file.
constexpr std::array<H5T_class_t, 4> classes = {H5T_INTEGER, H5T_FLOAT, H5T_STRING, H5T_ENUM};

/// The type to move values of `set` with, when its class is the one that `type` asks for.
Handle memory_type_of(hid_t set, const std::string& path, ColumnType type) {
  Handle stored{H5Dget_type(set), H5Tclose, path};
  const bool fits = H5Tget_class(stored.id()) == classes[static_cast<std::size_t>(type)] &&
                    (type != ColumnType::text || H5Tis_variable_str(stored.id()) > 0) &&
                    (type != ColumnType::label || H5Tget_size(stored.id()) == 1);
  if (!fits) throw hdf5::Error{fmt::format("{} has another type", path)};
  if (type == ColumnType::integer) return {H5Tcopy(H5T_NATIVE_INT64), H5Tclose, path};
  if (type == ColumnType::number) return {H5Tcopy(H5T_NATIVE_DOUBLE), H5Tclose, path};
  return stored;
}

}  // namespace

void create_column(hid_t file, const ColumnInfo& column) {
  constexpr hsize_t none = 0;
  constexpr hsize_t unlimited = H5S_UNLIMITED;
  const Handle space{H5Screate_simple(1, &none, &unlimited), H5Sclose, column.path};
  const Handle how{H5Pcreate(H5P_DATASET_CREATE), H5Pclose, column.path};
  check(H5Pset_chunk(how.id(), 1, &rows_per_chunk), column.path);
  check(H5Pset_obj_track_times(how.id(), false), column.path);
  const auto type = file_type_of(column);
  const Handle set{H5Dcreate2(file, column.path.c_str(), type.id(), space.id(), H5P_DEFAULT, how.id(), H5P_DEFAULT),
                   H5Dclose, column.path};
  hdf5::write_attribute(set.id(), "unit", column.unit);
  hdf5::write_attribute(set.id(), "description", column.meaning);
}

void append_to_column(hid_t file, const std::string& path, const ColumnData& values) {
  const hsize_t count = std::visit([](const auto& all) { return hsize_t{all.size()}; }, values);
  if (count == 0) return;
  const auto set = open_column(file, path);
  const hsize_t start = length_of(set.id(), path);
  const hsize_t length = start + count;
  check(H5Dset_extent(set.id(), &length), path);
  const Handle place{H5Dget_space(set.id()), H5Sclose, path};
  check(H5Sselect_hyperslab(place.id(), H5S_SELECT_SET, &start, nullptr, &count, nullptr), path);
  const Handle memory{H5Screate_simple(1, &count, nullptr), H5Sclose, path};
  const auto type = memory_type_of(set.id(), path, static_cast<ColumnType>(values.index()));
  const auto write = [&](const void* data) {
    check(H5Dwrite(set.id(), type.id(), memory.id(), place.id(), H5P_DEFAULT, data), path);
  };
  if (const auto* texts = std::get_if<TextValues>(&values)) {
    std::vector<const char*> pointers;
    pointers.reserve(texts->size());
    for (std::size_t i = 0; i < texts->size(); ++i)
      pointers.push_back((*texts)[i].c_str());
    write(pointers.data());
  } else {
    std::visit(
        [&](const auto& all) {
          if constexpr (requires { all.data(); }) write(all.data());
        },
        values);
  }
}

ColumnType stored_type(hid_t file, const std::string& path) {
  const auto set = open_column(file, path);
  const Handle type{H5Dget_type(set.id()), H5Tclose, path};
  const auto* const found = std::find(classes.begin(), classes.end(), H5Tget_class(type.id()));
  if (found == classes.end()) throw hdf5::Error{fmt::format("{} has a type that no column has", path)};
  return static_cast<ColumnType>(found - classes.begin());
}

ColumnData read_column(hid_t file, const std::string& path, ColumnType type) {
  const auto set = open_column(file, path);
  const auto memory_type = memory_type_of(set.id(), path, type);
  const auto length = static_cast<std::size_t>(length_of(set.id(), path));
  const auto read = [&](void* data) {
    if (length > 0) check(H5Dread(set.id(), memory_type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, data), path);
  };
  switch (type) {
    case ColumnType::integer: {
      std::vector<std::int64_t> values(length);
      read(values.data());
      return values;
    }
    case ColumnType::number: {
      std::vector<double> values(length);
      read(values.data());
      return values;
    }
    case ColumnType::label: {
      std::vector<std::uint8_t> values(length);
      read(values.data());
      return values;
    }
    case ColumnType::text:
      break;
  }
  std::vector<char*> pointers(length);
  read(pointers.data());
  TextValues values;
  for (char* text : pointers) {
    values.push_back(text == nullptr ? "" : text);
    H5free_memory(text);
  }
  return values;
}

std::vector<std::string> read_labels(hid_t file, const std::string& path) {
  const auto set = open_column(file, path);
  const auto type = memory_type_of(set.id(), path, ColumnType::label);
  return hdf5::labels_of(type.id());
}

}  // namespace edgefuse::results
