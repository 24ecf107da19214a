#include "results/hdf5_internal.hpp"

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

namespace edgefuse::results::hdf5 {
namespace {

/// A failed system call comes as a list of all its arguments, over two lines; what the system said is enough.
std::string plain(const std::string& text) {
  constexpr std::string_view before = "error message = '";
  const auto found = text.find(before);
  if (found == std::string::npos) return text;
  const auto begin = found + before.size();
  return text.substr(begin, text.find('\'', begin) - begin);
}

/// The innermost entry of HDF5's error stack: what really went wrong.
std::string explanation() {
  std::string text;
  const auto keep = [](unsigned, const H5E_error2_t* error, void* data) -> herr_t {
    auto& kept = *static_cast<std::string*>(data);
    if (kept.empty() && error->desc != nullptr) kept = error->desc;
    return 0;
  };
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep, &text);
  return plain(text);
}

[[noreturn]] void fail(std::string_view doing) {
  const auto why = explanation();
  throw Error{why.empty() ? std::string{doing} : fmt::format("{}: {}", doing, why)};
}

Handle scalar() {
  return {H5Screate(H5S_SCALAR), H5Sclose, "making a scalar"};
}

Handle replaced_attribute(hid_t parent, const char* name, hid_t type) {
  if (H5Aexists(parent, name) > 0) check(H5Adelete(parent, name), "replacing an attribute");
  const auto space = scalar();
  return {H5Acreate2(parent, name, type, space.id(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose, "making an attribute"};
}

Handle open_attribute(hid_t parent, const char* name) {
  return {H5Aopen(parent, name, H5P_DEFAULT), H5Aclose, fmt::format("attribute {} is missing", name)};
}

/// A file that could not be flushed (a full disk) stays open inside HDF5, which would try again when the process ends,
/// and crash. We close what we open, so that it has nothing to do then. Takes effect before HDF5's first call only.
void leave_the_end_to_us() {
  static const auto done = H5dont_atexit();
  static_cast<void>(done);
}

/// HDF5's own locks would let somebody who looks at a file stop the run that writes it, and some cluster file systems
/// have none.
Handle unlocked() {
  Handle access{H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "preparing a file"};
  check(H5Pset_file_locking(access.id(), false, true), "preparing a file");
  return access;
}

/// Takes over a string that HDF5 allocated.
std::string take(char* text) {
  std::string copy = text == nullptr ? "" : text;
  H5free_memory(text);
  return copy;
}

void expect_class(hid_t type, H5T_class_t wanted, const char* name) {
  const bool is_text = wanted != H5T_STRING || H5Tis_variable_str(type) > 0;
  if (H5Tget_class(type) != wanted || !is_text) throw Error{fmt::format("{} has another type", name)};
}

template <class T>
T read_plain_attribute(hid_t parent, const char* name, H5T_class_t wanted, hid_t memory_type) {
  const auto attribute = open_attribute(parent, name);
  const Handle type{H5Aget_type(attribute.id()), H5Tclose, name};
  expect_class(type.id(), wanted, name);
  T value{};
  check(H5Aread(attribute.id(), memory_type, &value), name);
  return value;
}

std::string link_name(hid_t group, hsize_t index) {
  const auto name = [&](char* text, std::size_t size) {
    return H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, index, text, size, H5P_DEFAULT);
  };
  const auto length = name(nullptr, 0);
  if (length < 0) fail("listing a group");
  std::string text(static_cast<std::size_t>(length), ' ');
  if (name(text.data(), text.size() + 1) < 0) fail("listing a group");
  return text;
}

/// Appends the datasets in `group`, whose path is `path`, and in the groups in it.
void collect_datasets(hid_t group, const std::string& path, std::vector<std::string>& found) {
  // Groups may be linked in a circle.
  constexpr auto deepest = 16;
  if (std::count(path.begin(), path.end(), '/') > deepest) throw Error{fmt::format("{} lies too deep", path)};
  H5G_info_t info;
  check(H5Gget_info(group, &info), "listing a group");
  for (hsize_t i = 0; i < info.nlinks; ++i) {
    const auto name = link_name(group, i);
    const auto below = fmt::format("{}/{}", path, name);
    const Handle object{H5Oopen(group, name.c_str(), H5P_DEFAULT), H5Oclose, below};
    if (H5Iget_type(object.id()) == H5I_GROUP) collect_datasets(object.id(), below, found);
    if (H5Iget_type(object.id()) == H5I_DATASET) found.push_back(below);
  }
}

}  // namespace

Handle::Handle(hid_t id, Close closing, std::string_view doing) : id_{id}, close_{closing} {
  if (id < 0) fail(doing);
}

Handle::~Handle() {
  if (id_ >= 0) close_(id_);
}

void Handle::close() {
  check(close_(std::exchange(id_, -1)), "closing");
}

void check(herr_t status, std::string_view doing) {
  if (status < 0) fail(doing);
}

Silence::Silence() {
  leave_the_end_to_us();  // every use of HDF5 begins with a silence
  H5Eget_auto2(H5E_DEFAULT, &function_, &data_);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

Silence::~Silence() {
  H5Eset_auto2(H5E_DEFAULT, function_, data_);
}

/// Files in HDF5 1.10's own format, whose structures carry checksums: in the older one, which is the default, a damaged
/// structure is followed to wherever it points.
Handle checksummed() {
  auto access = unlocked();
  check(H5Pset_libver_bounds(access.id(), H5F_LIBVER_V110, H5F_LIBVER_V110), "preparing a file");
  return access;
}

Handle create_file(const std::filesystem::path& file) {
  const auto access = checksummed();
  return {H5Fcreate(file.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.id()), H5Fclose, "creating the file"};
}

Handle open_to_append(const std::filesystem::path& file) {
  const auto access = checksummed();
  return {H5Fopen(file.c_str(), H5F_ACC_RDWR, access.id()), H5Fclose, "opening the file"};
}

Handle open_to_read(const std::filesystem::path& file) {
  const auto access = unlocked();
  constexpr std::size_t grow_by = 1 << 20;
  check(H5Pset_fapl_core(access.id(), grow_by, 0), "preparing to read");
  return {H5Fopen(file.c_str(), H5F_ACC_RDONLY, access.id()), H5Fclose, "opening the file"};
}

Handle create_group(hid_t parent, const char* path) {
  return {H5Gcreate2(parent, path, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose, "making a group"};
}

Handle text_type() {
  Handle type{H5Tcopy(H5T_C_S1), H5Tclose, "making a type"};
  check(H5Tset_size(type.id(), H5T_VARIABLE), "making a type");
  check(H5Tset_cset(type.id(), H5T_CSET_UTF8), "making a type");
  return type;
}

Handle label_type(const std::vector<std::string>& labels) {
  Handle type{H5Tenum_create(H5T_STD_U8LE), H5Tclose, "making a type"};
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto code = static_cast<std::uint8_t>(i);
    check(H5Tenum_insert(type.id(), labels[i].c_str(), &code), "making a type");
  }
  return type;
}

std::vector<std::string> labels_of(hid_t type) {
  const int count = H5Tget_nmembers(type);
  std::vector<std::string> labels;
  for (int i = 0; i < count; ++i)
    labels.push_back(take(H5Tget_member_name(type, static_cast<unsigned>(i))));
  return labels;
}

void write_attribute(hid_t parent, const char* name, std::string_view value) {
  const auto type = text_type();
  const auto attribute = replaced_attribute(parent, name, type.id());
  const std::string text{value};
  const char* pointer = text.c_str();
  check(H5Awrite(attribute.id(), type.id(), &pointer), "writing an attribute");
}

void write_attribute(hid_t parent, const char* name, std::int64_t value) {
  const auto attribute = replaced_attribute(parent, name, H5T_STD_I64LE);
  check(H5Awrite(attribute.id(), H5T_NATIVE_INT64, &value), "writing an attribute");
}

void write_attribute(hid_t parent, const char* name, double value) {
  const auto attribute = replaced_attribute(parent, name, H5T_IEEE_F64LE);
  check(H5Awrite(attribute.id(), H5T_NATIVE_DOUBLE, &value), "writing an attribute");
}

std::string read_text_attribute(hid_t parent, const char* name) {
  const auto attribute = open_attribute(parent, name);
  const Handle file_type{H5Aget_type(attribute.id()), H5Tclose, name};
  expect_class(file_type.id(), H5T_STRING, name);
  const auto type = text_type();
  char* text = nullptr;
  check(H5Aread(attribute.id(), type.id(), &text), name);
  return take(text);
}

std::int64_t read_integer_attribute(hid_t parent, const char* name) {
  return read_plain_attribute<std::int64_t>(parent, name, H5T_INTEGER, H5T_NATIVE_INT64);
}

double read_number_attribute(hid_t parent, const char* name) {
  return read_plain_attribute<double>(parent, name, H5T_FLOAT, H5T_NATIVE_DOUBLE);
}

std::vector<std::string> attribute_names(hid_t parent) {
  std::vector<std::string> names;
  const auto keep = [](hid_t, const char* name, const H5A_info_t*, void* data) -> herr_t {
    static_cast<std::vector<std::string>*>(data)->emplace_back(name);
    return 0;
  };
  check(H5Aiterate2(parent, H5_INDEX_NAME, H5_ITER_INC, nullptr, keep, &names), "listing attributes");
  return names;
}

H5T_class_t attribute_class(hid_t parent, const char* name) {
  const auto attribute = open_attribute(parent, name);
  const Handle type{H5Aget_type(attribute.id()), H5Tclose, name};
  return H5Tget_class(type.id());
}

std::vector<std::string> dataset_paths(hid_t file) {
  std::vector<std::string> paths;
  const Handle root{H5Gopen2(file, "/", H5P_DEFAULT), H5Gclose, "opening the root"};
  collect_datasets(root.id(), "", paths);
  return paths;
}

void write_text(hid_t parent, const char* path, std::string_view value) {
  const auto type = text_type();
  const auto space = scalar();
  const Handle set{H5Dcreate2(parent, path, type.id(), space.id(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Dclose,
                   path};
  const std::string text{value};
  const char* pointer = text.c_str();
  check(H5Dwrite(set.id(), type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, &pointer), path);
}

std::string read_text(hid_t parent, const char* path) {
  const Handle set{H5Dopen2(parent, path, H5P_DEFAULT), H5Dclose, fmt::format("{} is missing", path)};
  const Handle file_type{H5Dget_type(set.id()), H5Tclose, path};
  expect_class(file_type.id(), H5T_STRING, path);
  const Handle space{H5Dget_space(set.id()), H5Sclose, path};
  if (H5Sget_simple_extent_npoints(space.id()) != 1) throw Error{fmt::format("{} is no single text", path)};
  const auto type = text_type();
  char* text = nullptr;
  check(H5Dread(set.id(), type.id(), H5S_ALL, H5S_ALL, H5P_DEFAULT, &text), path);
  return take(text);
}

}  // namespace edgefuse::results::hdf5
