/** One booking, and how often it was asked for. */
interface Booking {
  readonly what: string;
  readonly code: string;
  calls: number;
}

/** Stands for a booking service on the net, which outlives every process that books there. */
export interface BookingService {
  /**
   * Books something. Asked again with the same idempotency key, the service gives the booking that it
   * has, as payment services do.
   */
  book(what: string, idempotencyKey: string): Promise<string>;
  /** What is booked, by its key. */
  readonly bookings: ReadonlyMap<string, Booking>;
}

export function createBookingService({
  onBooked = () => {},
}: {
  onBooked?: (what: string, idempotencyKey: string) => void;
} = {}): BookingService {
  const bookings = new Map<string, Booking>();
  return {
    async book(what, idempotencyKey) {
      let booking = bookings.get(idempotencyKey);
      if (!booking) {
        booking = { what, code: `B-${bookings.size + 1}`, calls: 0 };
        bookings.set(idempotencyKey, booking);
        onBooked(what, idempotencyKey);
      }
      booking.calls++;
      return booking.code;
    },
    bookings,
  };
}
