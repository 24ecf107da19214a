#include "tests/llm/counted_memory.hpp"

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>

namespace edgefuse::testing {
namespace {

// operator new has no other place to count in.
std::atomic<std::int64_t> live_bytes{0};
std::atomic<std::int64_t> peak_bytes{0};

void count(std::int64_t bytes) {
  const std::int64_t live = live_bytes += bytes;
  std::int64_t peak = peak_bytes;
  while (live > peak && !peak_bytes.compare_exchange_weak(peak, live)) {
  }
}

void* counted(void* memory) {
  if (memory == nullptr) throw std::bad_alloc{};
  count(static_cast<std::int64_t>(::malloc_usable_size(memory)));
  return memory;
}

void* allocate(std::size_t bytes) {
  return counted(std::malloc(std::max<std::size_t>(bytes, 1)));
}

void* allocate(std::size_t bytes, std::align_val_t alignment) {
  const auto step = static_cast<std::size_t>(alignment);
  return counted(std::aligned_alloc(step, std::max<std::size_t>((bytes + step - 1) / step, 1) * step));
}

void release(void* memory) {
  if (memory == nullptr) return;
  count(-static_cast<std::int64_t>(::malloc_usable_size(memory)));
  std::free(memory);
}

/// LibTorch's own allocator, counted. Tensors may outlive the count, so it lives as long as the program.
class CountingAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(std::size_t bytes) const override {
    c10::DataPtr owned = own_.allocate(bytes);
    void* const memory = owned.release_context();
    if (memory != nullptr) count(static_cast<std::int64_t>(::malloc_usable_size(memory)));
    return {memory, memory, &release_tensor, owned.device()};
  }
  [[nodiscard]] c10::DeleterFnPtr raw_deleter() const override { return &release_tensor; }

  static CountingAllocator& instance() {
    static CountingAllocator allocator{*c10::GetDefaultCPUAllocator()};
    return allocator;
  }

 private:
  explicit CountingAllocator(c10::Allocator& own) : own_{own} {}
  static void release_tensor(void* memory) {
    if (memory == nullptr) return;
    count(-static_cast<std::int64_t>(::malloc_usable_size(memory)));
    instance().own_.raw_deleter()(memory);
  }

  c10::Allocator& own_;
};

}  // namespace

MemoryCount::MemoryCount() {
  c10::SetCPUAllocator(&CountingAllocator::instance());
  before_ = live_bytes;
  peak_bytes = before_;
}

MemoryCount::~MemoryCount() {
  c10::SetCPUAllocator(c10::GetDefaultCPUAllocator());
}

std::int64_t MemoryCount::live() const {
  return live_bytes - before_;
}

std::int64_t MemoryCount::peak() const {
  return peak_bytes - before_;
}

}  // namespace edgefuse::testing

void* operator new(std::size_t bytes) {
  return edgefuse::testing::allocate(bytes);
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return edgefuse::testing::allocate(bytes, alignment);
}
void operator delete(void* memory) noexcept {
  edgefuse::testing::release(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  edgefuse::testing::release(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  edgefuse::testing::release(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  edgefuse::testing::release(memory);
}
