#include "results/safe_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "sim/error.hpp"

namespace edgefuse::results {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const fs::path& file, std::string problem, std::string remedy) {
  throw InputError{Mistake{file.string(), 0, "", std::move(problem), std::move(remedy)}};
}

[[noreturn]] void fail(const fs::path& file, std::string_view doing) {
  throw RunError{fmt::format("{}: {}: {}", file.string(), doing, std::strerror(errno))};
}

fs::path beside(const fs::path& file, std::string_view insertion) {
  auto other = file;
  other.replace_filename(fmt::format("{}.{}{}", file.stem().string(), insertion, file.extension().string()));
  return other;
}

void wait_for_disk(const fs::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail(file, "cannot be opened");
  const int status = ::fsync(descriptor);
  ::close(descriptor);
  // EINVAL: a file system without a disk behind it.
  if (status != 0 && errno != EINVAL) fail(file, "did not reach the disk");
}

/// Whether the open file is still the one of that name.
bool is_still(int descriptor, const fs::path& file) {
  struct stat opened {};
  struct stat named {};
  return ::fstat(descriptor, &opened) == 0 && ::stat(file.c_str(), &named) == 0 && opened.st_dev == named.st_dev &&
         opened.st_ino == named.st_ino;
}

/// A second name, so that there is no moment without the first; a copy where files have only one.
void keep_as(const fs::path& kept, const fs::path& file) {
  std::error_code error;
  fs::remove(kept, error);
  fs::create_hard_link(file, kept, error);
  if (!error) return;
  fs::copy_file(file, kept, error);
  if (error) throw RunError{fmt::format("{}: cannot be kept as {}: {}", file.string(), kept.string(), error.message())};
}

bool exchange(const fs::path& a, const fs::path& b) {
#ifdef RENAME_EXCHANGE
  return ::renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE) == 0;
#else
  return false;
#endif
}

}  // namespace

SafeFile::SafeFile(fs::path file)
    : file_{std::move(file)}, draft_{beside(file_, "part")}, lock_file_{file_.string() + ".lock"} {
  constexpr auto remedy = "choose another place with output.file or --out";
  if (file_.filename().empty() || fs::is_directory(file_)) refuse(file_, "is a folder", "name a file to write");
  std::error_code error;
  if (file_.has_parent_path()) fs::create_directories(file_.parent_path(), error);
  if (error) refuse(file_.parent_path(), "cannot be made: " + error.message(), remedy);
  if (fs::exists(file_) && ::access(file_.c_str(), W_OK) != 0) refuse(file_, "is write-protected", remedy);
  lock();
  const int descriptor = ::open(draft_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) {
    const std::string why = std::strerror(errno);
    ::unlink(lock_file_.c_str());
    ::close(lock_);
    refuse(file_, "cannot be written: " + why, remedy);
  }
  ::close(descriptor);
}

SafeFile::~SafeFile() {
  ::unlink(draft_.c_str());
  ::unlink(lock_file_.c_str());
  ::close(lock_);
}

/// The lock is the kernel's, so a killed process leaves at most an empty file behind.
void SafeFile::lock() {
  while (true) {
    lock_ = ::open(lock_file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (lock_ < 0) {
      refuse(file_, fmt::format("cannot be written: {}", std::strerror(errno)),
             "choose another place with output.file or --out");
    }
    if (::flock(lock_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
      ::close(lock_);
      refuse(file_, "another run is writing it", "wait for that run, or choose another output.file");
    }
    if (is_still(lock_, lock_file_)) return;
    ::close(lock_);  // Its last holder removed it between our opening and locking it.
  }
}

SafeFile::Draft SafeFile::prepare() {
  if (!published_) return Draft::empty;
  if (exchanged_) return Draft::one_behind;
  std::error_code error;
  fs::copy_file(file_, draft_, fs::copy_options::overwrite_existing, error);
  if (error) throw RunError{fmt::format("{}: cannot be copied: {}", file_.string(), error.message())};
  return Draft::current;
}

void SafeFile::publish() {
  wait_for_disk(draft_);
  if (!published_ && fs::exists(file_)) keep_as(beside(file_, "previous"), file_);
  exchanged_ = published_ && exchange(draft_, file_);
  if (!exchanged_ && std::rename(draft_.c_str(), file_.c_str()) != 0) fail(file_, "cannot be put in place");
  published_ = true;
}

}  // namespace edgefuse::results
