#include "llm/mapped_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "sim/error.hpp"

namespace edgefuse::llm {
namespace {

struct Descriptor {
  int value;
  ~Descriptor() {
    if (value >= 0) ::close(value);
  }
};

InputError unreadable(const std::filesystem::path& path, int error) {
  return InputError{Mistake{.file = path.string(),
                            .problem = "cannot be read: " + std::generic_category().message(error),
                            .remedy = "check the path and its permissions"}};
}

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.value < 0) throw unreadable(path, errno);
  struct stat status {};
  if (::fstat(file.value, &status) != 0) throw unreadable(path, errno);
  if (!S_ISREG(status.st_mode)) {
    throw InputError{
        Mistake{.file = path.string(), .problem = "is not a regular file", .remedy = "name the file itself"}};
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return;  // mmap refuses a length of zero; an empty span says the same
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.value, 0);
  if (address == MAP_FAILED) throw unreadable(path, errno);
  bytes_ = {static_cast<const std::byte*>(address), size};
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_{std::exchange(other.bytes_, {})} {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}

}  // namespace edgefuse::llm
