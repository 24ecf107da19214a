#pragma once

// The one place that knows HDF5's C interface: handles that close themselves, and failures as exceptions. Internal to
// results/.

#include <hdf5.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace edgefuse::results::hdf5 {

/// HDF5 refused something; `what()` has its own words.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Owns an identifier of HDF5 and closes it with the function that its kind asks for.
class Handle {
 public:
  using Close = herr_t (*)(hid_t);

  /// Throws Error when `id` is negative: `doing` says what failed.
  Handle(hid_t id, Close closing, std::string_view doing);
  Handle(Handle&& other) noexcept : id_{std::exchange(other.id_, -1)}, close_{other.close_} {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }
  ~Handle();

  [[nodiscard]] hid_t id() const { return id_; }
  /// Closes now, so that a failure is not lost.
  void close();

 private:
  hid_t id_;
  Close close_;
};

/// Throws Error with HDF5's own explanation when `status` is negative.
void check(herr_t status, std::string_view doing);

/// As long as it lives, HDF5 prints nothing.
class Silence {
 public:
  Silence();
  ~Silence();
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  H5E_auto2_t function_ = nullptr;
  void* data_ = nullptr;
};

[[nodiscard]] Handle create_file(const std::filesystem::path& file);
[[nodiscard]] Handle open_to_append(const std::filesystem::path& file);
/// Reads the whole file into memory at once.
[[nodiscard]] Handle open_to_read(const std::filesystem::path& file);

[[nodiscard]] Handle create_group(hid_t parent, const char* path);

/// A variable-length UTF-8 string.
[[nodiscard]] Handle text_type();
/// One byte that stands for one of `labels`.
[[nodiscard]] Handle label_type(const std::vector<std::string>& labels);
[[nodiscard]] std::vector<std::string> labels_of(hid_t type);

/// Attributes of the object `parent`; writing replaces.
void write_attribute(hid_t parent, const char* name, std::string_view value);
void write_attribute(hid_t parent, const char* name, std::int64_t value);
void write_attribute(hid_t parent, const char* name, double value);
[[nodiscard]] std::string read_text_attribute(hid_t parent, const char* name);
[[nodiscard]] std::int64_t read_integer_attribute(hid_t parent, const char* name);
[[nodiscard]] double read_number_attribute(hid_t parent, const char* name);

[[nodiscard]] std::vector<std::string> attribute_names(hid_t parent);
[[nodiscard]] H5T_class_t attribute_class(hid_t parent, const char* name);

/// The paths of all datasets, such as "/rounds/energy".
[[nodiscard]] std::vector<std::string> dataset_paths(hid_t file);

/// A scalar string dataset.
void write_text(hid_t parent, const char* path, std::string_view value);
[[nodiscard]] std::string read_text(hid_t parent, const char* path);

}  // namespace edgefuse::results::hdf5
