;; The first n digits of pi, one by one, by a spigot of big numbers; see pi.sire.
(use-modules (bench))

(define (digit times num acc den) (quotient (+ (* num times) acc) den))

(define (digits n k num acc den sum)
  (if (= n 0)
      sum
      (let* ((odd (+ (* 2 k) 1))
             (acc (* (+ acc (* 2 num)) odd))
             (den (* den odd))
             (num (* num k))
             (d (and (<= num acc) (digit 3 num acc den))))
        (if (or (not d) (not (= d (digit 4 num acc den))))
            (digits n (+ k 1) num acc den sum)
            (digits (- n 1) (+ k 1) (* 10 num) (* 10 (- acc (* den d))) den
                    (modulo (+ (* sum 31) d) 1000003))))))

(bench (lambda (n) (digits n 1 1 0 1 0)))
