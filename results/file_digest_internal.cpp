#include "results/file_digest_internal.hpp"

#include <fmt/format.h>

#include "results/column_file_internal.hpp"
#include "results/digest.hpp"

namespace edgefuse::results {
namespace {

RootAttribute read_root_attribute(hid_t file, const std::string& name) {
  switch (hdf5::attribute_class(file, name.c_str())) {
    case H5T_INTEGER:
      return {name, hdf5::read_integer_attribute(file, name.c_str())};
    case H5T_FLOAT:
      return {name, hdf5::read_number_attribute(file, name.c_str())};
    case H5T_STRING:
      return {name, hdf5::read_text_attribute(file, name.c_str())};
    default:
      throw hdf5::Error{fmt::format("attribute {} is no integer, number or text", name)};
  }
}

DatasetDigest read_dataset(hid_t file, const std::string& path) {
  DatasetDigest dataset;
  dataset.path = path;
  dataset.type = stored_type(file, path);
  if (dataset.type == ColumnType::label) dataset.labels = read_labels(file, path);
  const auto values = read_column(file, path, dataset.type);
  dataset.values = std::visit([](const auto& all) { return static_cast<std::int64_t>(all.size()); }, values);
  ValueHash hash;
  hash.add(values);
  dataset.hex = hash.hex();
  return dataset;
}

}  // namespace

std::string digest_of(hid_t file) {
  std::vector<RootAttribute> attributes;
  for (const auto& name : hdf5::attribute_names(file)) {
    if (name != "digest") attributes.push_back(read_root_attribute(file, name));
  }
  std::vector<DatasetDigest> datasets;
  for (const auto& path : hdf5::dataset_paths(file)) {
    if (is_part_of_the_result(path)) datasets.push_back(read_dataset(file, path));
  }
  return result_digest(std::move(attributes), std::move(datasets));
}

}  // namespace edgefuse::results
